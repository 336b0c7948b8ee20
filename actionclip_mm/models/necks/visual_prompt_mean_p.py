"""MeanP, the parameter-free visual prompt: the mean of the frame features (section 3.3)."""

from mmaction.registry import MODELS
from torch import Tensor

from .base_visual_prompt import BaseVisualPrompt


@MODELS.register_module()
class MeanPPrompt(BaseVisualPrompt):
    """Mean over the frames, whatever their order.

    Args:
        in_channels: D, the width of the frame features.
    """

    order_aware = False

    def aggregate(self, x: Tensor) -> Tensor:
        return x.mean(dim=1)  # [B, D]
