"""Base classes of post-network visual prompts, the necks (section 3.3, fig. 2c)."""

from abc import abstractmethod

from mmengine.model import BaseModule
from torch import Tensor, nn

from ...utils import check_positive


class BaseVisualPrompt(BaseModule):
    """A neck: frame features [B, T, D] to video features [B, D].

    Args:
        in_channels: D, the width of the frame features.

    Attributes:
        order_aware (bool): Whether the result depends on the order of the frames.

    Raises:
        ValueError: ``in_channels`` is not a positive integer.
    """

    order_aware = True

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        check_positive(in_channels, 'neck.in_channels')
        self.in_channels = self.out_channels = in_channels

    def set_text_width(self, text_width: int) -> None:
        """Adapt defaults to the width of the text tower, when the recognizer is built."""

    @abstractmethod
    def aggregate(self, x: Tensor) -> Tensor:
        """Frame features [B, T, D] to video features [B, D]."""

    def forward(self, x: Tensor, data_samples: object = None) -> tuple[Tensor, dict]:
        """Interface of mmaction2's recognizers: ``(features, auxiliary losses)``."""
        if x.dim() != 3 or x.shape[-1] != self.in_channels:
            raise ValueError(
                f'{type(self).__name__} takes [B, T, {self.in_channels}], got {tuple(x.shape)}: '
                'set neck.in_channels to the width of the backbone.'
            )
        return self.aggregate(x), {}


class ResidualVisualPrompt(BaseVisualPrompt):
    """A temporal module with a skip connection, then the mean over the frames.

    Args:
        in_channels: D, the width of the frame features.
        zero_init: Whether a zero-initialized linear layer follows the module, so that training
            starts exactly at MeanP (helps on small data sets; an option of ours, not of the
            paper). Defaults to False.
    """

    def __init__(self, in_channels: int, zero_init: bool = False) -> None:
        super().__init__(in_channels)
        self.out_proj: nn.Module = zero_linear(in_channels) if zero_init else nn.Identity()

    @abstractmethod
    def temporal(self, x: Tensor) -> Tensor:
        """Temporal module: [B, T, D] -> [B, T, D]."""

    def aggregate(self, x: Tensor) -> Tensor:
        return (x + self.out_proj(self.temporal(x))).mean(dim=1)  # [B, D]


def check_heads(num_heads: int, in_channels: int) -> None:
    """Refuse attention heads that do not divide the width."""
    check_positive(num_heads, 'neck.num_heads')
    if in_channels % num_heads:
        raise ValueError(
            f'neck.num_heads must divide neck.in_channels={in_channels}, got {num_heads}.'
        )


def zero_linear(width: int) -> nn.Linear:
    """A zero-initialized linear layer: the module before it starts without effect."""
    layer = nn.Linear(width, width, bias=False)
    nn.init.zeros_(layer.weight)
    return layer


def init_linears(module: nn.Module) -> None:
    """Initialize linear layers as BERT and the released code: normal of std 0.02, no bias."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)
