"""Text features of a list of classes, independent of the labels that a model was trained with."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..heads.score_pooling import average_texts


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

    def mean(self) -> Tensor:
        """Normalised mean of the normalised sentences of each class, fp32 [C, D]."""
        text = F.normalize(self.features.float(), dim=-1)  # [P, C, D]
        return average_texts(text, self.num_sentences)[0]  # [C, D]
