"""Text banks, and weights in one file that describes itself, as safetensors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from ..apis.inferencer import ActionCLIPInferencer
from ..clip.weight_files import write_weights
from ..converters.description import KEY
from ..utils import to_json
from .facts import as_strings, facts_of

TEXT = 'text'  # the tensor in a text bank


def bank_tensor(inferencer: ActionCLIPInferencer) -> Tensor:
    """The input ``text`` of an exported model: features of length 1, fp32 [P, C, D].

    Rows repeat for classes with fewer than P sentences. P is 1 for heads that average text features
    (``ensemble='embed'``).
    """
    bank = inferencer.bank()
    averages = inferencer.model.cls_head.averages_texts
    return (bank.mean_directions if averages else bank.directions).cpu()


def export_bank(
    path: str | Path, inferencer: ActionCLIPInferencer, facts: Mapping[str, Any] | None = None
) -> tuple[int, ...]:
    """Write the text features of the default labels: one tensor ``text`` [P, C, D].

    Args:
        path: ``.safetensors`` to write.
        inferencer: The model with its labels and templates.
        facts: For the metadata. Defaults to :func:`facts_of`.

    Returns:
        P, C, D.

    Raises:
        ValueError: A head without texts, or no labels.
        OSError: The file was not written.
    """
    text = bank_tensor(inferencer)
    write_weights(path, {TEXT: text}, as_strings(facts or facts_of(inferencer)))
    return tuple(text.shape)


def export_weights(
    path: str | Path, inferencer: ActionCLIPInferencer, facts: Mapping[str, Any] | None = None
) -> None:
    """Write all weights, with the description of the model in the metadata.

    ``ActionCLIPInferencer`` and ``actionclip predict --checkpoint`` read it.

    Raises:
        OSError: The file was not written.
        ValueError: The model was built elsewhere and does not know its config.
    """
    meta = as_strings(facts or facts_of(inferencer)) | {KEY: to_json(inferencer.describe())}
    write_weights(path, inferencer.model.state_dict(), meta)
