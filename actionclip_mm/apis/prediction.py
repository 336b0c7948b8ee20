"""The answer for one video."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Prediction:
    """Scores of the classes for one video, or the reason why there are none.

    Attributes:
        video: The path as it was given.
        labels: Names of the C classes.
        scores: C scores in the order of ``labels``; empty where the video failed.
        error: One line that names the video and what is wrong with it; None where it did not fail.
        are_probabilities: Whether the scores are within 0 and 1; similarities of a multi-label
            head are not.
    """

    video: str
    labels: tuple[str, ...]
    scores: tuple[float, ...] = ()
    error: str | None = None
    are_probabilities: bool = True

    def top(self, k: int | None = None) -> list[tuple[str, float]]:
        """The ``k`` best labels with their scores, the best one first.

        Args:
            k: How many; all of them where there are fewer, or if None. Defaults to None.

        Raises:
            ValueError: ``k`` is below 1.
        """
        if k is not None and k < 1:
            raise ValueError(f'k={k} labels were asked for: give a number of at least 1.')
        # a failed video has labels but no scores, hence an empty answer
        pairs = zip(self.labels, self.scores, strict=False)
        return sorted(pairs, key=lambda pair: -pair[1])[:k]
