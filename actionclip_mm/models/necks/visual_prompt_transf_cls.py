"""Transf_cls, a visual prompt: a class token reads the frame features (section 3.3).

Agrees with the released code and keeps its quirks: post-norm layers with ReLU, 2048 hidden units
for any D, 8 heads, and its key names.
"""

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...utils import check_frames, check_positive
from ..load_hooks import drop_on_load, resize_table_on_load
from .base_visual_prompt import BaseVisualPrompt, check_heads, init_linears, zero_linear


class ClassTokenTransformer(nn.Module):
    """Transformer over a class token and T frames; returns the class token.

    Args:
        width: D.
        num_frames: T.
        num_layers: Number of layers.
        num_heads: Attention heads.
        dropout: Dropout rate.
        position_std: Standard deviation of the initial positions.
    """

    def __init__(
        self,
        width: int,
        num_frames: int,
        num_layers: int,
        num_heads: int,
        dropout: float,
        position_std: float,
    ) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, num_frames + 1, width))
        self.transformer_enc = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(width, num_heads, dropout=dropout, batch_first=True),
            num_layers,
            norm=nn.LayerNorm(width),
            enable_nested_tensor=False,
        )
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=position_std)
        init_linears(self.transformer_enc)
        for layer in self.transformer_enc.layers:  # copies of one layer
            nn.init.xavier_uniform_(layer.self_attn.in_proj_weight)
        resize_table_on_load(self, 'pos_embed', class_rows=1)

    def forward(self, x: Tensor) -> Tensor:
        """Frame features [B, T, D] to [B, D]."""
        tokens = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1)  # [B, 1+T, D]
        return self.transformer_enc(tokens + self.pos_embed)[:, 0]  # [B, D]


@MODELS.register_module()
class TransfClsPrompt(BaseVisualPrompt):
    """The class token of a temporal Transformer represents the video.

    Args:
        in_channels: D, the width of the frame features.
        num_frames: T, the rows of the position table; that of a checkpoint is interpolated to it.
            Defaults to 8.
        num_layers: Number of layers. Defaults to 6.
        num_heads: Attention heads. Defaults to 8.
        dropout: Dropout rate. Defaults to 0.1.
        zero_init: Whether to add the class token to the mean of the frames through a
            zero-initialized linear layer, so that training starts exactly at MeanP (an option of
            ours). Defaults to False.
        position_std: Standard deviation of the initial positions, see :class:`TransfPrompt`.
            Defaults to 0.02, as in the released code.

    Raises:
        ValueError: Heads that do not divide D, ``num_frames`` or ``num_layers`` that is not
            positive, or another number of frames at run time.
    """

    def __init__(
        self,
        in_channels: int,
        num_frames: int = 8,
        num_layers: int = 6,
        num_heads: int = 8,
        dropout: float = 0.1,
        zero_init: bool = False,
        position_std: float = 0.02,
    ) -> None:
        super().__init__(in_channels)
        check_heads(num_heads, in_channels)
        check_positive(num_frames, 'neck.num_frames')
        check_positive(num_layers, 'neck.num_layers')
        self.num_frames = num_frames
        self.transformer = ClassTokenTransformer(
            in_channels, num_frames, num_layers, num_heads, dropout, position_std
        )
        self.out_proj = zero_linear(in_channels) if zero_init else None
        drop_on_load(self, 'frame_position_embeddings.weight')

    def aggregate(self, x: Tensor) -> Tensor:
        check_frames(x.shape[1], self.num_frames, 'neck.num_frames')
        video = self.transformer(x)  # [B, D]
        return video if self.out_proj is None else x.mean(dim=1) + self.out_proj(video)
