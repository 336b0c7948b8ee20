"""What a key map gives back: the weights under our names, and what became of every other one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor

CLIP_EPS = 1e-5  # LayerNorm of CLIP's towers, and torch's default
RELEASED_EPS = 1e-12  # LayerNorm of the released Transf
CAUSAL_MASKS = ('attn_mask', 'text.attn_mask')  # in archives; computed, not learned


@dataclass
class Mapped:
    """Weights under the names of ``CLIPRecognizer``.

    Attributes:
        state: Names to tensors.
        unknown: Names of the source that the map does not know.
        unused: Names that it knows and that nothing here needs.
        quick_gelu: Whether the model was trained with QuickGELU; None if the layout does not tell.
        neck_eps: Epsilon of the LayerNorms in the neck's blocks.
        has_shift: Whether the tower's blocks were wrapped for the in-network prompt Shift.
        has_exact_table: Whether the neck's position table has exactly T rows.
        logit_bias: What SigLIP adds to every similarity; None for models without it.
        notes: What the layout cannot tell or computes in another way, in sentences.
    """

    state: dict[str, Tensor]
    unknown: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    quick_gelu: bool | None = None
    neck_eps: float = RELEASED_EPS
    has_shift: bool = False
    has_exact_table: bool = False
    logit_bias: float | None = None
    notes: list[str] = field(default_factory=list)


@dataclass
class Hints:
    """What weights cannot tell about their model, from the caller or from files next to them.

    Attributes:
        arch: open_clip model name or model-config dict, which replaces all reading of shapes.
        quick_gelu: Whether the model was trained with QuickGELU.
        vision_heads: Attention heads of the image tower.
        text_heads: Attention heads of the text tower.
        neck_heads: Attention heads of the visual prompt.
        vision: Further settings of the image tower, open_clip's ``vision_cfg``.
        text: Further settings of the text tower, open_clip's ``text_cfg``.
        tokenizer: Folder of the tokenizer, None for CLIP's.
        mean: Pixel mean in [0, 255], None for CLIP's.
        std: Pixel standard deviation in [0, 255], None for CLIP's.
        interpolation: ``'bicubic'`` or ``'bilinear'``, None for CLIP's (bicubic).
        resize_mode: ``'shortest'`` or ``'squash'``, None for CLIP's (shortest).
        pixels_from: Where the last four are from, in words.
    """

    arch: str | dict | None = None
    quick_gelu: bool | None = None
    vision_heads: int | None = None
    text_heads: int | None = None
    neck_heads: int | None = None
    vision: dict[str, Any] = field(default_factory=dict)
    text: dict[str, Any] = field(default_factory=dict)
    tokenizer: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    interpolation: str | None = None
    resize_mode: str | None = None
    pixels_from: str = ''


class Source(NamedTuple):
    """A layout that can be read.

    Attributes:
        title: The layout in words.
        matches: Whether the content of a file is of this layout.
        to_recognizer: Content of a file -> weights under our names.
        from_recognizer: The way back: our weights -> content of such a file.
    """

    title: str
    matches: Callable[[dict[str, Any]], bool]
    to_recognizer: Callable[[dict[str, Any]], Mapped]
    from_recognizer: Callable[[dict[str, Tensor]], dict[str, Any]]
