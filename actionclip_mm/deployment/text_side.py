"""The text side of a recognizer as one module: token ids in, text features out."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from .video_side import VideoSide


class TextSide(nn.Module):
    """Encode tokenised sentences.

    Args:
        model: A recognizer with a ``VideoTextHead``; its weights are shared.

    Raises:
        ValueError: A head without texts, or learned context vectors.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        encoder: Any = VideoSide(model) and model.get_submodule('cls_head.label_encoder')
        if encoder.context is not None:
            raise ValueError(
                'The text tower has learned context vectors, which belong to the label encoder: '
                'write text banks of the labels instead (--labels).'
            )
        self.text = encoder.text
        self.example: Tensor = encoder.tokens[0].cpu()  # [C, L]

    def forward(self, tokens: Tensor) -> Tensor:
        """Features of length 1, fp32 [S, D], of token ids [S, L]; L is the context length."""
        return F.normalize(self.text(tokens).float(), dim=-1)
