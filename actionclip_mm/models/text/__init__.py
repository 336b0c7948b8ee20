"""The label side of the figure: names, prompt templates and the text tower."""

from ...utils.label_names import read_labels, split_name
from .class_sentences import fill_prompts, read_prompts
from .label_encoder import TextPromptLabelEncoder
from .learnable_context import LearnableContext
from .prompt_templates import PRESETS, read_templates
from .text_bank import TextBank

__all__ = [
    'PRESETS',
    'LearnableContext',
    'TextBank',
    'TextPromptLabelEncoder',
    'fill_prompts',
    'read_labels',
    'read_prompts',
    'read_templates',
    'split_name',
]
