"""From the content of any known weight file to our weights, every name accounted for."""

from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from ..clip import published_preprocess
from ..clip.state_dict import Unwrapped, unwrap
from ..utils import list_names
from . import actionclip, huggingface, mmaction2, open_clip, openai_clip
from .architecture import (
    assumes_heads,
    expected_shapes,
    mini_clip,
    model_config,
    read_arch,
)
from .mapped import Hints, Mapped, Source
from .renaming import TEXT, TIME_EMBEDDING, VISUAL
from .visual_prompt import VisualPrompt, prompt_weights, read_visual_prompt, without_prompt

SOURCES = {
    name: Source(title, module.matches, module.to_recognizer, module.from_recognizer)
    for name, title, module in (
        ('actionclip', 'released ActionCLIP', actionclip),
        ('mmaction2', "ActionCLIP of mmaction2's projects", mmaction2),
        ('openai', "OpenAI's CLIP", openai_clip),
        ('huggingface', "Hugging Face's CLIPModel", huggingface),
        ('open_clip', 'open_clip', open_clip),
    )
}

# code that has no other heads than those of 64 channels
CLIPS_OWN_HEADS = ('actionclip', 'mmaction2', 'openai')

# what the other sources keep their settings in
SIDECAR_OF = {'huggingface': 'config.json', 'open_clip': 'open_clip_config.json'}

_NOT_OF_A_MODEL = (AttributeError, TypeError, LookupError, ArithmeticError, RuntimeError)


@dataclass
class Converted:
    """A model of this project.

    Attributes:
        source: Name in :data:`SOURCES`.
        state: Its weights under the names of ``CLIPRecognizer``.
        arch: open_clip model-config dict, or name.
        prompt: Its visual prompt.
        hints: What is known besides the weights.
        unused: Names of the source that nothing needs.
        left_out: Names without a place here, skipped because of ``allow_partial``.
        missing: Names that the source lacks; they stay random, by leave of ``allow_partial``.
        dropped: Names of a visual prompt that ``drop_visual_prompt`` took away.
        notes: What was assumed, in sentences.
    """

    source: str
    state: dict[str, Tensor]
    arch: str | dict
    prompt: VisualPrompt
    hints: Hints
    unused: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def detect_source(content: dict[str, Any], quick_gelu: bool | None = None) -> str:
    """The layout of a file's content, a name in :data:`SOURCES`.

    Args:
        content: What the file holds.
        quick_gelu: Known activation; it settles what OpenAI's layout leaves open.

    Raises:
        ValueError: No known layout, or one that two sources share.
    """
    if actionclip.matches(content):  # the one layout of two parts
        return 'actionclip'
    weights = unwrap(content).weights
    for name, source in SOURCES.items():
        if source.matches(weights):
            return name
    if open_clip.is_one_piece(weights):
        if quick_gelu is not None:
            return 'open_clip'
        raise ValueError(
            'The file has the layout that OpenAI (QuickGELU) and open_clip (mostly GELU) share, '
            'and the wrong activation is silently worse: say --source openai or open_clip.'
        )
    some = ', '.join(list(weights)[:3])
    raise ValueError(
        f'The layout of the file is unknown (it begins with {some}): give a file of one of '
        f'{", ".join(source.title for source in SOURCES.values())}.'
    )


def convert(
    content: dict[str, Any],
    source: str = 'auto',
    hints: Hints | None = None,
    allow_partial: bool = False,
    drop_visual_prompt: bool = False,
) -> Converted:
    """Reads weights of any layout as weights and configs of this project.

    Args:
        content: What a weight file holds.
        source: Name in :data:`SOURCES`, or ``'auto'``.
        hints: What weights cannot tell about their model.
        allow_partial: Whether names may be skipped or missing; never all of a tower's, nor all of
            a visual prompt's.
        drop_visual_prompt: Whether to convert only the CLIP that the visual prompt stands on.

    Raises:
        ValueError: Unknown layout or architecture; names left over, missing or of a wrong shape; a
            tower or visual prompt of which nothing fits; no visual prompt to drop.
    """
    try:
        return _convert(content, source, hints or Hints(), allow_partial, drop_visual_prompt)
    except _NOT_OF_A_MODEL as error:  # values that are no tensors, shapes that belong to nothing
        raise ValueError(
            'The names or shapes in the file are those of no model that can be read '
            f'({type(error).__name__}: {" ".join(str(error).split())[:200]}): give an undamaged '
            'file of weights.'
        ) from error


def _convert(
    content: dict[str, Any], source: str, hints: Hints, allow_partial: bool, drop: bool
) -> Converted:
    if source == 'auto':
        source = detect_source(content, hints.quick_gelu)
    elif source not in SOURCES:
        raise ValueError(
            f"--source '{source}' is unknown: set auto or one of {', '.join(SOURCES)}."
        )
    weights, others = Unwrapped(content, []) if source == 'actionclip' else unwrap(content)
    mapped = SOURCES[source].to_recognizer(weights)
    of_prompt = prompt_weights(mapped, content, source)
    if drop:
        if not (of_prompt or mapped.has_shift):
            raise ValueError('The file has no visual prompt to drop: omit --drop-visual-prompt.')
        mapped = without_prompt(mapped, of_prompt)
    notes = [] if drop else list(mapped.notes)
    if source == 'open_clip' and hints == Hints() and (own := mini_clip(mapped.state)):
        hints = Hints(arch=own, quick_gelu=own['quick_gelu'])
    arch = read_arch(mapped.state, _quick_gelu(source, mapped, hints, notes), hints)
    if source not in CLIPS_OWN_HEADS and assumes_heads(arch, hints):
        sidecar = f'{SIDECAR_OF[source]} next to the file'
        raise ValueError(
            'Shapes do not tell the number of attention heads, and open_clip publishes no model '
            f'of these shapes: give --vision-heads and --text-heads, or put {sidecar}.'
        )
    if source not in CLIPS_OWN_HEADS:
        hints = _with_pixels(hints, arch, notes)
    arch = _with_logit_bias(arch, mapped)
    width = int(model_config(arch)['embed_dim'])
    prompt = read_visual_prompt(mapped, width, hints)
    if (
        source == 'actionclip'
        and not drop
        and prompt.inside is None
        and prompt.neck['type'] == 'MeanPPrompt'
    ):
        notes.append('No weights tell of a visual prompt: MeanP is assumed (Shift has none, too).')
    expected = expected_shapes(arch, prompt.neck, prompt.inside)
    given = {name: value for name, value in mapped.state.items() if name not in prompt.unused}
    state = {n: value for n, value in given.items() if expected.get(n) == value.shape}
    wrong = [f'{n} {tuple(value.shape)}' for n, value in given.items() if n not in state]
    converted = Converted(
        source,
        state,
        arch,
        prompt,
        hints,
        unused=others + mapped.unused + prompt.unused,
        left_out=mapped.unknown + wrong,
        missing=[name for name in expected if name not in state],
        dropped=sorted(of_prompt) if drop else [],
        notes=notes,
    )
    if not drop:
        _refuse_lost_prompt(converted, of_prompt)
    if not allow_partial:
        _refuse_partial(converted)
    _refuse_empty_towers(converted)
    return converted


def _with_pixels(hints: Hints, arch: str | dict, notes: list[str]) -> Hints:
    """If none are known, pixel statistics and resizing of open_clip's models of these shapes."""
    if hints.mean is not None:
        return hints
    found = published_preprocess(arch)
    if len(found) != 1:
        notes.append(
            "No file tells the pixel mean and std: CLIP's own are taken (data_preprocessor of the "
            'written config sets them).'
        )
        return hints
    pixels = found[0]
    return replace(
        hints,
        mean=tuple(255 * value for value in pixels['mean']),
        std=tuple(255 * value for value in pixels['std']),
        interpolation=pixels['interpolation'],
        resize_mode=pixels['resize_mode'],
        pixels_from="open_clip's for this architecture",
    )


def _with_logit_bias(arch: str | dict, mapped: Mapped) -> str | dict:
    """The architecture with the bias of its weights; open_clip takes 0 where they have none."""
    cfg = model_config(arch)
    if mapped.logit_bias is None and cfg.get('init_logit_bias') is None:
        return arch
    return {**cfg, 'init_logit_bias': mapped.logit_bias or 0.0}


def _quick_gelu(source: str, mapped: Mapped, hints: Hints, notes: list[str]) -> bool:
    """Whether the towers have QuickGELU: what is known, or the default of the source.

    Raises:
        ValueError: The hints contradict the layout.
    """
    given, known = hints.quick_gelu, mapped.quick_gelu
    if given is not None and known is not None and given != known:
        name = 'quick_gelu' if known else 'gelu'
        raise ValueError(
            f'Weights of {SOURCES[source].title} were trained with {name}: omit --activation, or '
            'give another --source.'
        )
    if isinstance(hints.arch, str) and known is None and given is None:
        known = bool(model_config(hints.arch).get('quick_gelu', False))
    for value in (given, known):
        if value is not None:
            return value
    usual = source == 'huggingface'  # CLIPModel's own default
    name = 'quick_gelu' if usual else 'gelu'
    notes.append(
        f'Weights do not tell the activation: {name} is assumed, the default of the source '
        '(--activation sets it).'
    )
    return usual


def _refuse_partial(converted: Converted) -> None:
    parts = []
    if converted.left_out:
        parts.append(f'weights without a place: {list_names(converted.left_out)}')
    if converted.missing:
        parts.append(f'missing weights: {list_names(converted.missing)}')
    if parts:
        raise ValueError(
            f'The file is not a complete model of the layout {SOURCES[converted.source].title} '
            f'({"; ".join(parts)}): give another --source, or --allow-partial to go on without.'
        )


def _refuse_lost_prompt(converted: Converted, of_prompt: set[str]) -> None:
    """Refuse a visual prompt of which no weight found a place, inside the tower or after it."""
    inside = of_prompt & {TIME_EMBEDDING}
    for names in (inside, of_prompt - inside):
        if names and not names & converted.state.keys():
            raise ValueError(
                f'The visual prompt of the file has {len(names)} weights without a place: '
                f'{list_names(sorted(names))}. Give a --source that has it, or '
                '--drop-visual-prompt to convert the CLIP alone.'
            )


def _refuse_empty_towers(converted: Converted) -> None:
    for prefix, tower in ((VISUAL, 'image'), (TEXT, 'text')):
        if not any(name.startswith(prefix) for name in converted.state):
            raise ValueError(
                f'No weight of the file fits the {tower} tower, which would stay random: give a '
                'file of a whole CLIP, or another --source or --arch.'
            )
