"""LSTM, a visual prompt: a recurrent pass over frame features (section 3.3).

Agrees with the released code, including its key names.
"""

from mmaction.registry import MODELS
from torch import Tensor, nn

from ...utils import check_positive
from ..load_hooks import drop_on_load
from .base_visual_prompt import ResidualVisualPrompt


@MODELS.register_module()
class LSTMPrompt(ResidualVisualPrompt):
    """An LSTM over the frames, a residual, then the mean.

    Args:
        in_channels: D, the width of the frame features.
        num_layers: Layers of the LSTM. Defaults to 1.
        zero_init: Start exactly at MeanP, see :class:`ResidualVisualPrompt`. Defaults to False.

    Raises:
        ValueError: ``num_layers`` is not positive.
    """

    def __init__(self, in_channels: int, num_layers: int = 1, zero_init: bool = False) -> None:
        super().__init__(in_channels, zero_init)
        check_positive(num_layers, 'neck.num_layers')
        self.lstm_visual = nn.LSTM(in_channels, in_channels, num_layers, batch_first=True)
        drop_on_load(self, 'frame_position_embeddings.weight')

    def temporal(self, x: Tensor) -> Tensor:
        self.lstm_visual.flatten_parameters()  # cuDNN warns after a deep copy otherwise
        return self.lstm_visual(x)[0]  # [B, T, D]
