"""What a head compares: the interface of matchers between videos and classes."""

from abc import abstractmethod

from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor


class BaseMatcher(BaseModule):
    """Similarity of videos and classes, a slot of :class:`VideoTextHead`.

    All features have length 1 and are fp32. The head multiplies similarities by its scale.

    Attributes:
        takes_frames (bool): Whether it takes frame features [B, T, D] instead of video features
            [B, D]. Then the model has no neck that joins the frames.
        order_aware (bool): Whether the similarity depends on the order of frames.
    """

    takes_frames = True
    order_aware = False

    @abstractmethod
    def pairs(self, video: Tensor, text: Tensor, num_sentences: Tensor) -> Tensor:
        """Similarity of each video to each text.

        Args:
            video: [B, T, D].
            text: Sentences of S classes, [S, M, D]; rows repeat for classes with fewer than M.
            num_sentences: Sentences of each class [S].

        Returns:
            [B, S].
        """

    def forward(self, video: Tensor, text: Tensor, num_sentences: Tensor) -> Tensor:
        """Similarities of videos to all classes.

        Args:
            video: [B, T, D], or [B, D] for a matcher of video features.
            text: Features of the sentences of C classes, [P, C, D].
            num_sentences: Sentences of each class [C].

        Returns:
            [B, 1, C], or [B, P, C] of a matcher that leaves templates apart.
        """
        return self.pairs(video, text.transpose(0, 1), num_sentences).unsqueeze(1)  # [B, 1, C]


def build_matcher(config: dict | None, averages_texts: bool) -> BaseMatcher:
    """The matcher of a head.

    Args:
        config: ``cls_head.matcher``; None for ``CosineMatcher``.
        averages_texts: Whether the head averages the sentences of a class before comparing.

    Raises:
        ValueError: Another kind of module, or averaged texts for a matcher of sentences.
    """
    matcher = MODELS.build(config or dict(type='CosineMatcher'))
    if not isinstance(matcher, BaseMatcher):
        raise ValueError(
            f'cls_head.matcher must be a matcher such as SequenceMatcher, got {config!r}.'
        )
    if matcher.takes_frames and averages_texts:
        raise ValueError(
            f'{type(matcher).__name__} compares each sentence: cls_head.ensemble must not be '
            "'embed'."
        )
    return matcher
