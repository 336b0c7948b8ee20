"""Trained models for runtimes without this package: ONNX, torch.export and safetensors.

The video side takes normalised videos and a text bank, so classes can change at run time.
"""

from .facts import facts_of
from .onnx_files import OPSET, check_onnx, export_onnx, export_text_tower
from .plain_files import export_bank, export_weights
from .program_files import export_program
from .text_side import TextSide
from .tokenizer_file import export_tokenizer
from .video_side import VideoSide

__all__ = [
    'OPSET',
    'TextSide',
    'VideoSide',
    'check_onnx',
    'export_bank',
    'export_onnx',
    'export_program',
    'export_text_tower',
    'export_tokenizer',
    'export_weights',
    'facts_of',
]
