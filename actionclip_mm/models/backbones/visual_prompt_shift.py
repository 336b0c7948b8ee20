"""Shift, the in-network visual prompt: channels move between neighbouring frames (section 3.3).

The temporal shift module of Lin et al. (ICCV 2019) before every block of the ViT. Agrees with the
released code, which leaves the class token alone. One departure: a single frame has no neighbours
and passes unchanged, where the released code would put zeros into a quarter of its channels.
"""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...clip import PatchDropout, VisionTransformer
from .base_tower_prompt import BaseTowerPrompt


def shift_frames(tokens: Tensor, num_shifted: int) -> Tensor:
    """Takes channels of the patch tokens from the frames before and after.

    Args:
        tokens: [B, T, 1+hw, width], the first of each frame being its class token.
        num_shifted: How many channels come from t+1, and how many more from t-1.

    Returns:
        The same shape; where there is no neighbour, its channels are zero.
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
    """Shifts 1/8 of the channels from the next and 1/8 from the last frame, before every block.

    Args:
        visual: The image tower, handed over by the encoder.
        shift_div: One in so many channels moves in each direction. Defaults to 8.

    Raises:
        ValueError: Another tower than open_clip's ViT, or one that drops patches in training;
            ``shift_div`` below 2 or above the tower's width.
    """

    def __init__(self, visual: nn.Module | None = None, shift_div: int = 8) -> None:
        self.shift_div = shift_div
        super().__init__(visual)

    def attach(self, visual: VisionTransformer) -> None:
        width = visual.class_embedding.shape[0]
        if not isinstance(self.shift_div, int) or not 2 <= self.shift_div <= width:
            raise ValueError(
                f'backbone.visual_prompt.shift_div={self.shift_div!r} is out of range: set a whole '
                f"number from 2 to the tower's width of {width}."
            )
        if isinstance(visual.patch_dropout, PatchDropout):
            raise ValueError(
                'ShiftPrompt cannot follow patches that are dropped at random in each frame: set '
                'patch_dropout=0 in the vision_cfg of backbone.arch.'
            )
        self.num_shifted = width // self.shift_div
        for block in visual.transformer.resblocks:
            block.register_forward_pre_hook(self._shift)

    def _shift(self, module: nn.Module, args: tuple) -> tuple:
        if self.num_frames == 1:
            return args
        tokens = args[0].unflatten(0, (-1, self.num_frames))  # [B, T, 1+hw, width]
        return (shift_frames(tokens, self.num_shifted).flatten(0, 1), *args[1:])  # [B·T, …]
