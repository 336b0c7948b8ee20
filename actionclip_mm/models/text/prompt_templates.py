"""Textual prompts as data: templates whose ``{}`` is filled with a label (section 3.3, fig. 2a)."""

import reprlib
from collections.abc import Sequence
from pathlib import Path

from ...clip import OPENAI_IMAGENET_TEMPLATES, SIMPLE_IMAGENET_TEMPLATES
from ...utils import read_text
from ...utils.label_names import LONGEST

# The released code's templates in its order, which released weights were trained with.
ACTIONCLIP_16 = (
    'a photo of action {}',
    'a picture of action {}',
    'Human action of {}',
    '{}, an action',
    '{} this is an action',
    '{}, a video of action',
    'Playing action of {}',
    '{}',
    'Playing a kind of action, {}',
    'Doing a kind of action, {}',
    'Look, the human is {}',
    'Can you recognize the action of {}?',
    'Video classification of {}',
    'A video of {}',
    'The man is {}',
    'The woman is {}',
)

# Ours: the paper counts 18 and lists none beyond the released 16.
_OURS = ('This is {}, a video of action', 'In this video, {} is what people do')

# The paper names templates after the place of the label: first, last or inside.
_FIRST = tuple(t for t in ACTIONCLIP_16 if t.startswith('{}') and t != '{}')
_LAST = tuple(t for t in ACTIONCLIP_16 if t.endswith('{}') and t != '{}')
_INSIDE = ('Can you recognize the action of {}?', *_OURS)

PRESETS: dict[str, tuple[str, ...]] = {
    'label_only': ('{}',),
    'prefix': _FIRST,
    'suffix': _LAST,
    'cloze': _INSIDE,
    'actionclip16': ACTIONCLIP_16,
    'actionclip18': ACTIONCLIP_16 + _OURS,
    'openai_imagenet': tuple(fill('{}') for fill in OPENAI_IMAGENET_TEMPLATES),
    'simple_imagenet': tuple(fill('{}') for fill in SIMPLE_IMAGENET_TEMPLATES),
}


def read_templates(templates: str | Sequence[str]) -> tuple[str, ...]:
    """Templates from a preset name, a text file (one per line) or a list.

    Args:
        templates: Name in :data:`PRESETS`, path, or the templates themselves.

    Returns:
        The templates, each with exactly one ``{}``.

    Raises:
        ValueError: No template, one without ``{}`` or of more than 1,000 characters, or a file
            that is not UTF-8 text.
        TypeError: Neither text nor a list.
        FileNotFoundError: A string that is neither a preset nor a file.
    """
    if isinstance(templates, str):
        if templates in PRESETS:
            return PRESETS[templates]
        if not Path(templates).is_file():
            raise FileNotFoundError(
                f"templates='{templates}' is neither a preset ({', '.join(PRESETS)}) nor a file: "
                'set one of these or a list of templates.'
            )
        templates = _read_lines(Path(templates))
    elif not isinstance(templates, Sequence):
        raise TypeError(f'templates={templates!r} must be a list, a preset or a file.')
    templates = tuple(templates)
    if not templates:
        raise ValueError('templates must not be empty: give at least one, such as "A video of {}".')
    for template in templates:
        if not isinstance(template, str) or template.count('{}') != 1:
            raise ValueError(
                f'The template {_short(template)} must hold {{}} exactly once, where the label '
                'goes: correct it.'
            )
        if len(template) > LONGEST:
            raise ValueError(
                f'The template {_short(template)} has {len(template):,} characters: give one '
                'template per line.'
            )
    return templates


def _read_lines(path: Path) -> list[str]:
    return [line.strip() for line in read_text(path).splitlines() if line.strip()]


def _short(template: object) -> str:
    """A template for a message; lists that hold each other would have no end."""
    if not isinstance(template, str):
        return f'({type(template).__name__})'
    return repr(template) if len(template) <= 100 else reprlib.repr(template)
