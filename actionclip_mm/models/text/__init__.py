"""The label side of the figure: names, prompt templates and the text tower."""

from .label_encoder import TextPromptLabelEncoder
from .label_names import read_labels, split_name
from .prompt_templates import PRESETS, read_templates

__all__ = ['PRESETS', 'TextPromptLabelEncoder', 'read_labels', 'read_templates', 'split_name']
