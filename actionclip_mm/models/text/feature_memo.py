"""Each sentence is encoded once while the weights of the text tower stay the same."""

from collections.abc import Callable, Hashable
from itertools import islice

import torch
from torch import Tensor


class FeatureMemo:
    """Text features by token ids, valid for one state of the weights.

    A batch of B sentences of a label list repeats itself all the time: after P·C sentences a frozen
    tower is not called any more, in training as in testing.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._weights: Hashable = None
        self._features: dict[tuple[Hashable, bytes], Tensor] = {}

    def shrink(self, most: int) -> None:
        """Forget the oldest sentences beyond ``most``."""
        for key in list(islice(self._features, max(0, len(self._features) - most))):
            del self._features[key]

    def get(
        self,
        tokens: Tensor,
        encode: Callable[[Tensor], Tensor],
        weights: Hashable,
        precision: Hashable = None,
    ) -> Tensor:
        """Features of sentences, from memory where they are there.

        Args:
            tokens: Token ids [B, L]; padding after the last token does not distinguish sentences.
            encode: The text tower, [B, L] -> [B, D].
            weights: State of the tower's weights; features of another one are forgotten.
            precision: What else the features depend on; they are kept for each value.

        Returns:
            Text features [B, D] without gradient.
        """
        if weights != self._weights:
            self.clear()
            self._weights = weights
        keys = [(precision, row.tobytes().rstrip(b'\0')) for row in tokens.cpu().numpy()]
        first = {key: index for index, key in enumerate(keys) if key not in self._features}
        if first:
            with torch.no_grad():
                features = encode(tokens[list(first.values())])
            self._features.update(zip(first, features.unbind(), strict=True))
        return torch.stack([self._features[key] for key in keys])  # [B, D]
