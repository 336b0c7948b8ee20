"""The result for one video."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..utils import printable, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NONE_OF_THESE = 'none of these'


@dataclass(frozen=True)
class FrameRelevance:
    """How well each frame that the model saw matches each class.

    Attributes:
        indices: Numbers of the T frames in the video, from 0.
        seconds: Their times; None if the frame rate is unknown.
        cosines: Cosine of each frame with each class, mean over the templates, float [T, C].
    """

    indices: tuple[int, ...]
    seconds: tuple[float, ...] | None
    cosines: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Prediction:
    """Scores of the classes for one video, or the reason why there are none.

    Attributes:
        video: The path as given, or ``video 0``, … for frames in memory.
        labels: Names of the C classes.
        scores: C scores in the order of ``labels``; empty for a video that failed.
        error: One line that names the video and the problem; None if it did not fail.
        are_probabilities: Whether the scores are within 0 and 1; the similarities of a multi-label
            head are not.
        none_of_these: Probability that the video shows none of the labels; None if it was not
            asked for. With it, ``scores`` and this number sum to 1.
        rejected: Whether no label reached the threshold on the cosine.
        cosines: Cosine of the video with each class, mean over templates and views, C numbers;
            empty for heads without texts.
        frames: Relevance of the single frames, or None (Joint has no features of single frames).
        embedding: Normalised video feature [D], mean over views, if it was asked for.
        notes: Sentences about the labels of the call.
        decoder: Name of the decoder that read it; None for frames in memory and of folders.
        missing_frames: Sampled frames that could not be decoded; the ones before them stand in.
        topk: Labels that :meth:`plot` and :meth:`to_dict` show.
        images_of: Reads the frames again; lost in pickles.
    """

    video: str
    labels: tuple[str, ...]
    scores: tuple[float, ...] = ()
    error: str | None = None
    are_probabilities: bool = True
    none_of_these: float | None = None
    rejected: bool = False
    cosines: tuple[float, ...] = ()
    frames: FrameRelevance | None = field(default=None, repr=False)
    embedding: np.ndarray | None = field(default=None, repr=False, compare=False)
    notes: tuple[str, ...] = ()
    decoder: str | None = None
    missing_frames: int = 0
    topk: int = 5
    images_of: Callable[[], np.ndarray] | None = field(default=None, repr=False, compare=False)

    @property
    def label(self) -> str:
        """The best label, or ``'none of these'``.

        Raises:
            ValueError: The video failed.
        """
        return self._best()[0]

    @property
    def probability(self) -> float:
        """Score of :attr:`label`."""
        return self._best()[1]

    def top(self, k: int | None = None) -> list[tuple[str, float]]:
        """The ``k`` best labels with their scores, best first.

        Args:
            k: A positive integer; None for all. Defaults to None.

        Raises:
            ValueError: ``k`` is not positive.
        """
        if k is not None and k < 1:
            raise ValueError(f'k must be a positive integer, got {k}.')
        # a failed video has labels but no scores, hence an empty list
        pairs = zip(self.labels, self.scores, strict=False)
        return sorted(pairs, key=lambda pair: -pair[1])[:k]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able content, without embedding and frames of failed videos."""
        if self.error is not None:
            return dict(video=self.video, error=self.error)
        cosines = dict(zip(self.labels, self.cosines, strict=False))
        top = [
            dict(label=label, score=score, **({'cosine': cosines[label]} if cosines else {}))
            for label, score in self.top(self.topk)
        ]
        content: dict[str, Any] = dict(video=self.video, label=self.label, top=top)
        if self.none_of_these is not None:
            content['none_of_these'] = self.none_of_these
        if self.frames is not None:
            best = self.labels.index(self.top(1)[0][0])
            content['frames'] = dict(
                indices=list(self.frames.indices),
                seconds=None if self.frames.seconds is None else list(self.frames.seconds),
                cosines=[float(row[best]) for row in self.frames.cosines],
            )
        if self.embedding is not None:
            content['embedding'] = self.embedding.tolist()
        if self.missing_frames:
            content['missing_frames'] = self.missing_frames
        if self.notes:
            content['notes'] = list(self.notes)
        return content

    def plot(self, path: str | Path | None = None, topk: int | None = None) -> 'Figure':
        """Draw the frames, the best labels and the relevance of each frame to the best one.

        Args:
            path: Where to save it; the suffix names the format. None does not save.
            topk: Labels to draw. Defaults to that of the call.

        Returns:
            The figure, drawn without a display.

        Raises:
            ValueError: The video failed.
        """
        from .plotting import draw_prediction

        self._best()
        figure = draw_prediction(self, topk or self.topk)
        if path is not None:
            write_figure(path, figure)
        return figure

    def images(self) -> np.ndarray | None:
        """The T frames as the model saw them, uint8 [T, H, W, 3]; None after pickling."""
        return None if self.images_of is None else self.images_of()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {'images_of': None}  # keeps the decoder alive

    def _best(self) -> tuple[str, float]:
        if self.error is not None:
            raise ValueError(f'A failed video has no label: {printable(self.error)}')
        label, score = self.top(1)[0]
        if self.rejected:
            return NONE_OF_THESE, 1.0 if self.none_of_these is None else self.none_of_these
        if self.none_of_these is not None and self.none_of_these > score:
            return NONE_OF_THESE, self.none_of_these
        return label, score
