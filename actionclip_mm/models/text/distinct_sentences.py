"""Many sentences through the text tower: each distinct one once, similar lengths together.

A causal tower reads nothing after the end-of-text, so a batch can be cut to its longest sentence.
Sorted by length, 6,400 sentences of Kinetics-400 need 6 % more tokens than they have; in the order
of the label list 73 %, at full length 836 %.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor


class Distinct(NamedTuple):
    """Distinct sentences of a list.

    Attributes:
        rows: Index of each in the list [U], longest first.
        places: Position among them of every sentence of the list [B].
    """

    rows: Tensor
    places: Tensor


def find_distinct(tokens: Tensor, classes: Tensor | None, by_length: bool) -> Distinct:
    """Distinct sentences among token ids.

    Args:
        tokens: Token ids [B, L] on the CPU.
        classes: Class of each sentence [B] if its features depend on it, or None.
        by_length: Sort them by length, which is the place of the end-of-text (the largest id);
            otherwise they keep their order.
    """
    if classes is not None:
        keys = torch.cat([classes[:, None].to(tokens), tokens], dim=1)  # [B, 1+L]
    else:
        keys = tokens
    found: dict[bytes, int] = {}
    rows: list[int] = []
    places: list[int] = []
    for index, key in enumerate(_bytes_of_rows(keys)):
        place = found.setdefault(key, len(found))
        places.append(place)
        if place == len(rows):
            rows.append(index)
    distinct = torch.tensor(rows)  # [U]
    if not by_length:
        return Distinct(distinct, torch.tensor(places))
    order = tokens[distinct].argmax(dim=-1).argsort(descending=True, stable=True)  # [U]
    ranks = torch.empty_like(order)
    ranks[order] = torch.arange(len(order))
    return Distinct(distinct[order], ranks[places])


def _bytes_of_rows(rows: Tensor) -> Iterator[bytes]:
    for row in rows.contiguous().numpy():
        yield row.tobytes()
