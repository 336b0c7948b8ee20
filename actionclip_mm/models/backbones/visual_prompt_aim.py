"""AIM: temporal, spatial and joint adapters in a frozen tower (Yang et al., ICLR 2023).

The block's own attention runs twice, over the frames of each token and over the tokens of each
frame, with a bottleneck after each and one next to the MLP. Agrees with the public code.
"""

from functools import partial
from typing import cast

import numpy as np
import torch
from mmaction.registry import MODELS
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from ...clip import ResidualAttentionBlock, VisionTransformer
from ...utils import check_positive, check_range
from ..load_hooks import resize_rows, resize_table_on_load
from .base_tower_prompt import BaseTowerPrompt, zero_parameters


class Bottleneck(nn.Sequential):
    """Down, GELU, up to tokens [..., D]; zero at the start."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        zero_parameters(self[2])


class BlockAdapters(nn.Module):
    """The adapters of one block.

    Args:
        width: D, the width of the tokens.
        hidden: Width of the bottlenecks.
        drop_path: Probability of skipping the temporal and the joint one for an image.
    """

    def __init__(self, width: int, hidden: int, drop_path: float) -> None:
        super().__init__()
        self.temporal = Bottleneck(width, hidden)
        self.spatial = Bottleneck(width, hidden)
        self.joint = Bottleneck(width, hidden)
        self.drop_path = StochasticDepth(drop_path, 'row')


@MODELS.register_module()
class AIM(BaseTowerPrompt):
    """Adapt every block with three bottlenecks and a second attention along time.

    Set ``frozen_stages='all'`` of the encoder: the adapters learn nevertheless. They start without
    effect, so that training starts at CLIP.

    Args:
        visual: The image tower, passed by the encoder.
        num_frames: T, the rows of the table of temporal positions, which is interpolated for other
            videos. Defaults to 8.
        hidden: Width of the bottlenecks. Defaults to a quarter of the tower's width.
        scale: Factor on the adapter next to the MLP. Defaults to 0.5.
        drop_path: Probability of skipping an adapter in the last block, growing linearly from 0 in
            the first. Defaults to 0.2.

    Raises:
        ValueError: A tower other than open_clip's ViT, one with patch dropout or with blocks of its
            own; numbers out of range.
    """

    starts_as_clip = True

    def __init__(
        self,
        visual: nn.Module | None = None,
        num_frames: int = 8,
        hidden: int | None = None,
        scale: float = 0.5,
        drop_path: float = 0.2,
    ) -> None:
        check_positive(num_frames, 'backbone.visual_prompt.num_frames')
        if hidden is not None:
            check_positive(hidden, 'backbone.visual_prompt.hidden')
        check_range(drop_path, 0.0, 1.0, 'backbone.visual_prompt.drop_path')
        self.num_positions, self.hidden, self.scale = num_frames, hidden, scale
        self.max_drop_path = drop_path
        super().__init__(visual)
        resize_table_on_load(self, 'time_embedding')

    def attach(self, visual: VisionTransformer) -> None:
        self.refuse_patch_dropout(visual)
        blocks = self.plain_blocks(visual)
        width = visual.class_embedding.shape[0]
        self.time_embedding = nn.Parameter(torch.zeros(self.num_positions, width))
        rates = np.linspace(0, self.max_drop_path, len(blocks)).tolist()
        self.blocks = nn.ModuleList(
            BlockAdapters(width, self.hidden or width // 4, rate) for rate in rates
        )
        visual.ln_pre.register_forward_pre_hook(self._add_times)
        for index, block in enumerate(blocks):
            block.register_forward_pre_hook(partial(self._attend_over_time, index))
            block.ls_1.register_forward_hook(partial(self._adapt_attention, index))
            block.mlp.register_forward_hook(partial(self._adapt_mlp, index))

    def adapters(self, index: int) -> BlockAdapters:
        """The adapters of a block."""
        return cast(BlockAdapters, self.blocks[index])

    def _add_times(self, module: nn.Module, args: tuple[Tensor]) -> tuple[Tensor]:
        times: Tensor = self.time_embedding
        if len(times) != self.num_frames:
            times = resize_rows(times, self.num_frames)  # [T, D]
        frames = args[0].unflatten(0, (-1, self.num_frames))  # [B, T, 1+hw, D]
        return ((frames + times[:, None].to(frames.dtype)).flatten(0, 1),)  # [B·T, 1+hw, D]

    def _attend_over_time(
        self, index: int, block: ResidualAttentionBlock, args: tuple[Tensor]
    ) -> tuple:
        tokens, adapters = args[0], self.adapters(index)
        x = block.ln_1(tokens).unflatten(0, (-1, self.num_frames))  # [B, T, 1+hw, D]
        num_tokens = x.shape[2]
        x = block.attention(x.transpose(1, 2).flatten(0, 1))  # [B·(1+hw), T, D]
        x = x.unflatten(0, (-1, num_tokens)).transpose(1, 2).flatten(0, 1)  # [B·T, 1+hw, D]
        return (tokens + adapters.drop_path(adapters.temporal(x)), *args[1:])

    def _adapt_attention(
        self, index: int, module: nn.Module, args: tuple, output: Tensor
    ) -> Tensor:
        return output + self.adapters(index).spatial(output)

    def _adapt_mlp(
        self, index: int, module: nn.Module, args: tuple[Tensor], output: Tensor
    ) -> Tensor:
        adapters = self.adapters(index)
        return output + adapters.drop_path(self.scale * adapters.joint(args[0]))
