"""OpenAI's CLIP (state dict or TorchScript archive): both towers in one piece, QuickGELU."""

from typing import Any

from torch import Tensor

from ..clip.state_dict import OPENAI_CONSTANTS
from .mapped import CAUSAL_MASKS, Mapped
from .renaming import ONE_PIECE, inverse, rename


def matches(content: dict[str, Any]) -> bool:
    """Only OpenAI's archives carry their three constants among the weights."""
    return all(name in content for name in OPENAI_CONSTANTS)


def to_recognizer(content: dict[str, Any]) -> Mapped:
    """OpenAI's weights under the names of ``CLIPRecognizer``."""
    constants = [name for name in (*OPENAI_CONSTANTS, *CAUSAL_MASKS) if name in content]
    weights = {name: value for name, value in content.items() if name not in constants}
    renamed, unknown = rename(weights, ONE_PIECE)
    return Mapped(renamed, unknown, constants, quick_gelu=True)


def from_recognizer(state: dict[str, Tensor]) -> dict[str, Any]:
    """The way back, without the constants.

    Raises:
        ValueError: Weights that a plain CLIP has no place for.
    """
    renamed, unknown = rename(state, inverse(ONE_PIECE))
    if unknown:
        raise ValueError(f'A plain CLIP has no place for {unknown[0]}: take out the visual prompt.')
    return renamed
