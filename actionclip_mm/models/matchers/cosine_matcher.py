"""The paper's matching: the cosine of a video feature and each sentence (eq. 1)."""

from mmaction.registry import MODELS
from torch import Tensor

from .base_matcher import BaseMatcher


@MODELS.register_module()
class CosineMatcher(BaseMatcher):
    """Compare one feature per video with each sentence, the default."""

    takes_frames = False

    def pairs(self, video: Tensor, text: Tensor, num_sentences: Tensor | None = None) -> Tensor:
        """Cosines [B, S] of videos [B, D] and sentences [S, D]."""
        return video @ text.t()

    def forward(self, video: Tensor, text: Tensor, num_sentences: Tensor | None = None) -> Tensor:
        return (video @ text.flatten(0, 1).T).unflatten(1, text.shape[:2])  # [B, P, C]
