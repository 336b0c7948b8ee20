"""CLIP's image tower over the frames of a video, and the visual prompts inside it."""

from .base_tower_prompt import BaseTowerPrompt
from .clip_image_encoder import CLIPImageEncoder
from .visual_prompt_aim import AIM
from .visual_prompt_joint import JointPrompt
from .visual_prompt_shift import ShiftPrompt
from .visual_prompt_st_adapter import STAdapter

__all__ = ['AIM', 'BaseTowerPrompt', 'CLIPImageEncoder', 'JointPrompt', 'STAdapter', 'ShiftPrompt']
