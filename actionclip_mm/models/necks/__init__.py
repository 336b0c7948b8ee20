"""Post-network visual prompts: T frame features become one video feature."""

from .base_visual_prompt import BaseVisualPrompt
from .visual_prompt_mean_p import MeanPPrompt
from .visual_prompt_transf import TransfPrompt

__all__ = ['BaseVisualPrompt', 'MeanPPrompt', 'TransfPrompt']
