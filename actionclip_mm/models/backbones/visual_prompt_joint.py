"""Joint, the pre-network visual prompt: all frames' tokens in one sequence (section 3.3, fig. 2b).

Agrees with the released code, with its two missing names supplied.
"""

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...clip import VisionTransformer
from ...utils import check_frames, check_positive
from ..load_hooks import resize_table_on_load
from .base_tower_prompt import BaseTowerPrompt


@MODELS.register_module()
class JointPrompt(BaseTowerPrompt):
    """Join the tokens of a video's frames before the first block.

    Before ``ln_pre`` the tower holds a class token and hw patch tokens with spatial positions per
    frame. A learned temporal position is added to the patch tokens, and the sequences of a video
    are joined after one class token. The tower then gives one feature per video.

    Args:
        visual: The image tower, passed by the encoder.
        num_frames: T, the rows of the table of temporal positions; the table of a checkpoint is
            interpolated to it. Defaults to 8.

    Raises:
        ValueError: A tower other than open_clip's ViT; ``num_frames`` that is not positive or, at
            run time, not that of the videos.
    """

    def __init__(self, visual: nn.Module | None = None, num_frames: int = 8) -> None:
        check_positive(num_frames, 'backbone.visual_prompt.num_frames')
        self.num_positions = num_frames
        super().__init__(visual)
        resize_table_on_load(self, 'time_embedding')

    def attach(self, visual: VisionTransformer) -> None:
        width = visual.class_embedding.shape[0]
        # as CLIP initializes its spatial positions
        self.time_embedding = nn.Parameter(width**-0.5 * torch.randn(self.num_positions, width))
        visual.ln_pre.register_forward_pre_hook(self._join_frames)

    def set_num_frames(self, num_frames: int) -> None:
        check_frames(num_frames, self.num_positions, 'backbone.visual_prompt.num_frames')
        super().set_num_frames(num_frames)

    def _join_frames(self, module: nn.Module, args: tuple[Tensor]) -> tuple[Tensor]:
        tokens = args[0].unflatten(0, (-1, self.num_frames))  # [B, T, 1+hw, width]
        class_token = tokens[:, 0, :1]  # [B, 1, width], equal in all frames here
        times = self.time_embedding.to(tokens.dtype)[:, None]  # [T, 1, width]
        patches = (tokens[:, :, 1:] + times).flatten(1, 2)  # [B, T·hw, width]
        return (torch.cat([class_token, patches], dim=1),)  # [B, 1+T·hw, width]
