"""Transf, the paper's best visual prompt: a temporal Transformer over frame features (section 3.3).

Agrees with the released code and keeps its quirks: LayerNorm eps 1e-12, QuickGELU, a position table
of 77 rows (CLIP's context length) for any T, ``text_width // 64`` heads although the blocks are as
wide as the embedding, and its key names.
"""

from functools import partial

import torch
from mmaction.registry import MODELS
from mmengine.logging import print_log
from torch import Tensor, nn

from ...clip import QuickGELU, Transformer
from ...utils import check_positive
from .base_visual_prompt import ResidualVisualPrompt, check_heads, init_linears

HEAD_WIDTH = 64  # as in CLIP's own towers
LAYER_NORM_EPS = 1e-12


def transf_heads(text_width: int) -> int:
    """Attention heads of Transf for a text tower, as in the released code."""
    return max(1, text_width // HEAD_WIDTH)


@MODELS.register_module()
class TransfPrompt(ResidualVisualPrompt):
    """Pre-norm CLIP blocks over the frames, a residual, then the mean.

    Args:
        in_channels: D, the width of the frame features.
        num_layers: Number of blocks. Defaults to 6.
        num_heads: Attention heads, which no weight has in its shape. The released code and
            mmaction2's project take ``text_width // 64``: 8 for RN50, whose embedding of 1024
            would suggest 16. Defaults to this rule in a ``CLIPRecognizer`` with a text tower, and
            to D // 64 without one or if the rule does not divide D; at least 1.
        num_positions: Rows of the position table, the largest T. Defaults to 77.
        zero_init: Start exactly at MeanP, see :class:`ResidualVisualPrompt`. Defaults to False.
        layer_norm_eps: Epsilon of the LayerNorms. Defaults to 1e-12; weights of mmaction2's adapter
            were trained with 1e-5.
        position_std: Standard deviation of the initial positions. Defaults to 0.02, as in the
            released code. That of frame features is about 1, which a short training on few videos
            needs for positions too (an option of ours).
        with_cp: Whether to recompute activations of blocks in the backward pass (gradient
            checkpointing). Defaults to False.

    Raises:
        ValueError: D is not a multiple of the heads; ``num_layers`` or ``num_positions`` is not
            positive; T is above ``num_positions`` (at run time).
    """

    def __init__(
        self,
        in_channels: int,
        num_layers: int = 6,
        num_heads: int | None = None,
        num_positions: int = 77,
        zero_init: bool = False,
        layer_norm_eps: float = LAYER_NORM_EPS,
        position_std: float = 0.02,
        with_cp: bool = False,
    ) -> None:
        super().__init__(in_channels, zero_init)
        check_positive(num_layers, 'neck.num_layers')
        check_positive(num_positions, 'neck.num_positions')
        self.follows_text_width = num_heads is None
        if num_heads is None:
            num_heads = transf_heads(in_channels)
        check_heads(num_heads, in_channels)
        self.frame_position_embeddings = nn.Embedding(num_positions, in_channels)
        self.transformer = Transformer(
            width=in_channels,
            layers=num_layers,
            heads=num_heads,
            act_layer=QuickGELU,
            norm_layer=partial(nn.LayerNorm, eps=layer_norm_eps),
        )
        self.transformer.grad_checkpointing = with_cp
        init_linears(self.transformer)
        nn.init.normal_(self.frame_position_embeddings.weight, std=position_std)

    def set_text_width(self, text_width: int) -> None:
        """Take the released number of heads, unless the config sets it.

        D // 64 stays if the released number does not divide D (EVA01-g-14: 12 heads for 1024
        channels), for which the released code cannot be built.

        Args:
            text_width: Width of the text tower's blocks.
        """
        num_heads, rule = transf_heads(text_width), f'text width {text_width} // {HEAD_WIDTH}'
        if not self.follows_text_width or num_heads == self.num_heads:
            return
        if self.in_channels % num_heads:
            print_log(
                f'neck.num_heads={self.num_heads}: {num_heads} heads ({rule}) do not divide '
                f'{self.in_channels} channels.',
                'current',
            )
            return
        for block in self.transformer.resblocks:  # no weight depends on them
            block.attn.num_heads = num_heads
            block.attn.head_dim = self.in_channels // num_heads
        print_log(
            f'neck.num_heads={num_heads}: {rule}, as in the released code, for features of '
            f'{self.in_channels} channels.',
            'current',
        )

    @property
    def num_heads(self) -> int:
        """Attention heads of each block."""
        return self.transformer.resblocks[0].attn.num_heads

    def temporal(self, x: Tensor) -> Tensor:
        num_frames, num_positions = x.shape[1], self.frame_position_embeddings.num_embeddings
        if num_frames > num_positions:
            raise ValueError(
                f'neck.num_positions={num_positions} is less than the {num_frames} frames of a '
                'video: raise it, or sample fewer frames.'
            )
        positions = torch.arange(num_frames, device=x.device)
        return self.transformer(x + self.frame_position_embeddings(positions))  # [B, T, D]
