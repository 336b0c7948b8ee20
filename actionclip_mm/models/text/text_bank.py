"""Text features of a list of classes, independent of the labels that a model was trained with."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from ..heads.score_pooling import average_texts


@dataclass(frozen=True)
class BankOptions:
    """How text features are computed and kept, ``label_encoder.bank``; results are the same.

    Attributes:
        sort: Encode each distinct sentence once, sentences of similar length together.
        reuse: Keep sentences of earlier label lists while the weights stay the same.
        normalized: Keep the features of the classes at length 1 between test batches.
        disk: Read and write large banks in the cache folder, see :mod:`.bank_on_disk`.
    """

    sort: bool = True
    reuse: bool = True
    normalized: bool = True
    disk: bool = True

    @classmethod
    def read(cls, config: Mapping[str, bool] | None) -> 'BankOptions':
        """The options of a config; None for the defaults.

        Raises:
            ValueError: An unknown option, or one that is not a bool.
        """
        config = config or {}
        allowed = [field.name for field in fields(cls)]
        for name, value in config.items():
            if name not in allowed or not isinstance(value, bool):
                raise ValueError(
                    f'label_encoder.bank takes {", ".join(allowed)}, each True or False, got '
                    f'{name}={value!r}.'
                )
        return cls(**config)


@dataclass(frozen=True)
class TextBank:
    """Classes and the features of their sentences.

    Attributes:
        labels: Names of the C classes.
        features: Text features [P, C, D], not normalised; rows repeat for classes with fewer
            than P sentences.
        num_sentences: Sentences of each class [C].
    """

    labels: tuple[str, ...]
    features: Tensor
    num_sentences: Tensor

    def joined(self, other: 'TextBank') -> 'TextBank':
        """The classes of both, those of ``other`` last."""
        rows = max(len(self.features), len(other.features))
        features = [
            bank.features[torch.arange(rows) % len(bank.features)] for bank in (self, other)
        ]  # [P, C, D] each
        return TextBank(
            self.labels + other.labels,
            torch.cat(features, dim=1),
            torch.cat([self.num_sentences, other.num_sentences]),
        )

    @cached_property
    def directions(self) -> Tensor:
        """Features of length 1, fp32 [P, C, D]."""
        return _by_column(F.normalize(self.features.float(), dim=-1))

    @cached_property
    def mean_directions(self) -> Tensor:
        """Normalised mean of the normalised sentences of each class, fp32 [1, C, D]."""
        text = F.normalize(self.features.float(), dim=-1)  # [P, C, D], not kept
        return _by_column(average_texts(text, self.num_sentences))

    def mean(self) -> Tensor:
        """Normalised mean of the normalised sentences of each class, fp32 [C, D]."""
        return self.mean_directions[0]


def _by_column(text: Tensor) -> Tensor:
    """The same tensor [P, C, D] with D as its outermost axis in memory.

    A few videos times its transpose take 0.77 of the time, since nothing is repacked.
    """
    return text.flatten(0, 1).T.contiguous().T.unflatten(0, text.shape[:2])
