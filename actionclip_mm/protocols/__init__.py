"""Evaluation protocols with names, their draws of videos and classes, and result cards."""

from .card import Card, make_card, read_card, write_card
from .few_shot_sampler import draw_shots
from .protocol import Protocol, Run, Videos
from .registry import PROTOCOLS, describe_protocols, get_protocol

__all__ = [
    'PROTOCOLS',
    'Card',
    'Protocol',
    'Run',
    'Videos',
    'describe_protocols',
    'draw_shots',
    'get_protocol',
    'make_card',
    'read_card',
    'write_card',
]
