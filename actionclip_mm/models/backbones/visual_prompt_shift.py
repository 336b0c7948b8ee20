"""Shift, the in-network visual prompt: channels shifted between frames (section 3.3).

The temporal shift module of Lin et al. (ICCV 2019) before every block of the ViT. Agrees with the
released code, which does not shift the class token. One departure: a single frame passes
unchanged, where the released code would zero a quarter of its channels.
"""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...clip import VisionTransformer
from ...utils import check_range
from .base_tower_prompt import BaseTowerPrompt


def shift_frames(tokens: Tensor, num_shifted: int) -> Tensor:
    """Take channels of the patch tokens from the next and the previous frame.

    Args:
        tokens: [B, T, 1+hw, width], the first of each frame being its class token.
        num_shifted: How many channels come from t+1, and how many more from t-1.

    Returns:
        The same shape; channels from beyond the first and last frame are zero.
    """
    class_token, patches = tokens[:, :, :1], tokens[:, :, 1:]
    rest = patches.shape[-1] - 2 * num_shifted
    future, past, present = patches.split([num_shifted, num_shifted, rest], dim=-1)
    future = F.pad(future[:, 1:], (0, 0, 0, 0, 0, 1))  # [B, T, hw, num_shifted], from t+1
    past = F.pad(past[:, :-1], (0, 0, 0, 0, 1, 0))  # [B, T, hw, num_shifted], from t-1
    patches = torch.cat([future, past, present], dim=-1)  # [B, T, hw, width]
    return torch.cat([class_token, patches], dim=2)  # [B, T, 1+hw, width]


@MODELS.register_module()
class ShiftPrompt(BaseTowerPrompt):
    """Take 1/8 of the channels from the next and 1/8 from the previous frame before every block.

    Args:
        visual: The image tower, passed by the encoder.
        shift_div: 1 / shift_div of the channels is shifted in each direction. Defaults to 8.

    Raises:
        ValueError: A tower other than open_clip's ViT, or one with patch dropout; ``shift_div``
            below 2 or above the tower's width.
    """

    def __init__(self, visual: nn.Module | None = None, shift_div: int = 8) -> None:
        self.shift_div = shift_div
        super().__init__(visual)

    def attach(self, visual: VisionTransformer) -> None:
        width = visual.class_embedding.shape[0]
        check_range(self.shift_div, 2, width, 'backbone.visual_prompt.shift_div')
        self.refuse_patch_dropout(visual)
        self.num_shifted = width // self.shift_div
        for block in visual.transformer.resblocks:
            block.register_forward_pre_hook(self._shift)

    def _shift(self, module: nn.Module, args: tuple) -> tuple:
        if self.num_frames == 1:
            return args
        tokens = args[0].unflatten(0, (-1, self.num_frames))  # [B, T, 1+hw, width]
        return (shift_frames(tokens, self.num_shifted).flatten(0, 1), *args[1:])  # [B·T, …]
