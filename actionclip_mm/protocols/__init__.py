"""Evaluation protocols: named ways to measure, their runs, and result cards."""

from typing import TYPE_CHECKING, Any

from .card import Card, make_card, read_card, write_card
from .families import PROTOCOLS, describe_protocols, get_protocol
from .protocol import Protocol, Run, Videos

if TYPE_CHECKING:
    from .lists import draw_shots
    from .runs import run

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
    'run',
    'write_card',
]


def __getattr__(name: str) -> Any:
    """Import what needs torch on first use; listing protocols and reading cards do not."""
    if name == 'run':
        from .runs import run

        return run
    if name == 'draw_shots':
        from .lists import draw_shots

        return draw_shots
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
