"""What every post-network visual prompt shares (section 3.3, fig. 2c): the neck's interface."""

from abc import abstractmethod

from mmengine.model import BaseModule
from torch import Tensor, nn

from ...utils import check_positive


class BaseVisualPrompt(BaseModule):
    """A neck that turns frame features [B, T, D] into video features [B, D].

    Args:
        in_channels: D, the width of the frame features.

    Attributes:
        order_aware (bool): Whether the result depends on the order of the frames.

    Raises:
        ValueError: ``in_channels`` is not a positive whole number.
    """

    order_aware = True

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        check_positive(
            in_channels, 'neck.in_channels', "set it to the width of the backbone's frame features"
        )
        self.in_channels = self.out_channels = in_channels

    def set_text_width(self, text_width: int) -> None:
        """Adapt defaults to the channels of the text tower next to it; called once when built."""

    @abstractmethod
    def aggregate(self, x: Tensor) -> Tensor:
        """Frame features [B, T, D] to video features [B, D]."""

    def forward(self, x: Tensor, data_samples: object = None) -> tuple[Tensor, dict]:
        """The call of mmaction2's recognizers, which want ``(features, auxiliary losses)``."""
        if x.dim() != 3 or x.shape[-1] != self.in_channels:
            raise ValueError(
                f'{type(self).__name__} got features of shape {tuple(x.shape)} but takes '
                f'[B, T, {self.in_channels}]: set neck.in_channels to the width of the backbone.'
            )
        return self.aggregate(x), {}


class ResidualVisualPrompt(BaseVisualPrompt):
    """A temporal module beside a skip connection, then the mean over the frames.

    Args:
        in_channels: D, the width of the frame features.
        zero_init: Puts a linear layer of zeros behind the module, so that training starts exactly
            at MeanP and the module only adds what it has learned (small data sets need this; an
            option of ours, not of the paper). Defaults to False.
    """

    def __init__(self, in_channels: int, zero_init: bool = False) -> None:
        super().__init__(in_channels)
        self.out_proj: nn.Module = zero_linear(in_channels) if zero_init else nn.Identity()

    @abstractmethod
    def temporal(self, x: Tensor) -> Tensor:
        """Lets the frames see one another: [B, T, D] -> [B, T, D]."""

    def aggregate(self, x: Tensor) -> Tensor:
        return (x + self.out_proj(self.temporal(x))).mean(dim=1)  # [B, D]


def check_heads(num_heads: int, in_channels: int) -> None:
    """Refuses heads of attention that do not share the width evenly."""
    check_positive(num_heads, 'neck.num_heads')
    if in_channels % num_heads:
        raise ValueError(
            f'neck.num_heads={num_heads} does not divide neck.in_channels={in_channels}: set '
            'a number of heads that does.'
        )


def zero_linear(width: int) -> nn.Linear:
    """A linear layer of zeros: what lies before it starts without effect and learns one."""
    layer = nn.Linear(width, width, bias=False)
    nn.init.zeros_(layer.weight)
    return layer


def init_linears(module: nn.Module) -> None:
    """Normal of std 0.02 for weights, zero for biases, as BERT and the released code do."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)
