"""Post-network visual prompts: T frame features become one video feature."""

from .base_visual_prompt import BaseVisualPrompt, ResidualVisualPrompt
from .visual_prompt_conv1d import Conv1DPrompt
from .visual_prompt_lstm import LSTMPrompt
from .visual_prompt_mean_p import MeanPPrompt
from .visual_prompt_transf import TransfPrompt
from .visual_prompt_transf_cls import TransfClsPrompt

__all__ = [
    'BaseVisualPrompt',
    'Conv1DPrompt',
    'LSTMPrompt',
    'MeanPPrompt',
    'ResidualVisualPrompt',
    'TransfClsPrompt',
    'TransfPrompt',
]
