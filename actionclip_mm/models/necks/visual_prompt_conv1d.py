"""Conv1D, a visual prompt: one depthwise convolution over frame features (section 3.3).

Agrees with the released weights, applied along time as the paper says; the released code reshapes
with ``view``, which mixes time and channels.
"""

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn

from ..load_hooks import drop_on_load
from .base_visual_prompt import ResidualVisualPrompt


@MODELS.register_module()
class Conv1DPrompt(ResidualVisualPrompt):
    """A kernel of 3 along time per channel, a residual, then the mean.

    Initialized as a temporal shift: the first quarter of the channels from t-1, the last quarter
    from t+1, the rest unchanged.

    Args:
        in_channels: D, the width of the frame features.
        zero_init: Start exactly at MeanP, see :class:`ResidualVisualPrompt`. Defaults to False.
    """

    def __init__(self, in_channels: int, zero_init: bool = False) -> None:
        super().__init__(in_channels, zero_init)
        self.shift = nn.Conv1d(
            in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False
        )
        quarter = in_channels // 4
        with torch.no_grad():
            self.shift.weight.zero_()  # [D, 1, 3]
            self.shift.weight[:quarter, 0, 0] = 1
            self.shift.weight[quarter : in_channels - quarter, 0, 1] = 1
            self.shift.weight[in_channels - quarter :, 0, 2] = 1
        drop_on_load(self, 'frame_position_embeddings.weight')

    def temporal(self, x: Tensor) -> Tensor:
        channels = x.transpose(1, 2)  # [B, D, T]
        return self.shift(channels).transpose(1, 2)  # [B, T, D]
