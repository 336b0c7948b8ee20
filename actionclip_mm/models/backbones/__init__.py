"""CLIP's image tower over the frames of a video, and the visual prompts inside it."""

from .base_tower_prompt import BaseTowerPrompt
from .clip_image_encoder import CLIPImageEncoder
from .visual_prompt_joint import JointPrompt
from .visual_prompt_shift import ShiftPrompt

__all__ = ['BaseTowerPrompt', 'CLIPImageEncoder', 'JointPrompt', 'ShiftPrompt']
