"""Weights and scores that mean nothing: NaN, Inf, whole numbers, towers of zeros."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from .foreign_text import list_names

# Parts of a checkpoint that are no weights; optimizer states begin like the first of them.
OTHER_PARTS = ('optim', 'message_hub', 'param_schedulers', 'lr_scheduler', 'meta')
# Ends of the names of weights, which are floats in every layout; counters and indices have others.
FLOATS = (
    'weight',
    'bias',
    'embedding',
    'proj',
    'projection',
    'scale',
    'running_mean',
    'running_var',
)
_LAYER = re.compile(r'_[ih]h_l\d+(_reverse)?$')  # of torch's LSTM
TOWERS = (
    'backbone', 'cls_head.label_encoder', 'visual', 'text', 'transformer', 'vision_model',
    'text_model',
)  # fmt: skip
WRAPPERS = ('module', 'model', '_orig_mod')
MANY = 4  # matrices: fewer may be zero on purpose, as what begins as the identity


def check_weight_values(content: Mapping[str, Any], source: str) -> None:
    """Refuse weights that cannot be those of a trained model.

    Args:
        content: A state dict, or a checkpoint around one or several.
        source: The file, for the message.

    Raises:
        ValueError: NaN or Inf; a weight that is not a float; a tower whose matrices are all zero.
    """
    wrong: dict[str, list[str]] = defaultdict(list)
    towers: dict[str, list[bool]] = defaultdict(list)
    for name, value in _tensors(content):
        if not value.is_floating_point():
            if _LAYER.sub('', name).endswith(FLOATS):
                wrong[f'of type {str(value.dtype).removeprefix("torch.")}'].append(name)
            continue
        low, high = _bounds(value)
        if not (math.isfinite(low) and math.isfinite(high)) and not _is_mask(name, value):
            wrong['with NaN or Inf'].append(name)
        elif value.dim() > 1 and (tower := _tower(name)):
            towers[tower].append(low == high == 0)
    for kind, names in wrong.items():
        raise ValueError(
            f"'{source}' holds {len(names)} weight{'s' * (len(names) > 1)} {kind} "
            f'({list_names(names, most=3)}): give weights of a training that went well, as '
            'floating-point numbers.'
        )
    for tower, zeros in towers.items():
        if len(zeros) >= MANY and all(zeros):
            raise ValueError(
                f"'{source}' holds nothing but zeros in the {len(zeros)} weight matrices of "
                f'{tower}: give weights that were trained.'
            )


def check_scores(scores: Tensor, video: str) -> None:
    """Refuse scores that an accuracy would count as answers.

    Raises:
        ValueError: NaN or Inf among them.
    """
    if not bool(torch.isfinite(scores).all()):
        raise ValueError(
            f'The scores of {video} are NaN or infinite, so the model cannot be tested: check its '
            'weights, and its precision (fp16 overflows where bfloat16 does not).'
        )


def _tensors(content: Mapping[Any, Any]) -> Iterator[tuple[str, Tensor]]:
    for key, value in content.items():
        name = str(key)
        if isinstance(value, Tensor):
            if not value.is_meta:
                yield name, value
        elif isinstance(value, Mapping) and not name.startswith(OTHER_PARTS):
            yield from _tensors(value)


def _bounds(value: Tensor) -> tuple[float, float]:
    """Smallest and largest value, in one pass over memory; NaN if there is one among them."""
    if not value.numel():
        return 0.0, 0.0
    if value.element_size() == 1:  # float8 has no order
        value = value.float()
    low, high = torch.aminmax(value)
    return float(low), float(high)


def _is_mask(name: str, value: Tensor) -> bool:
    """Whether -inf is what it is made of."""
    return name.endswith('mask') and not bool(value.isnan().any())


def _tower(name: str) -> str | None:
    parts = name.split('.')
    while parts[0] in WRAPPERS:
        parts = parts[1:]
    short = '.'.join(parts)
    return next((tower for tower in TOWERS if short.startswith(f'{tower}.')), None)
