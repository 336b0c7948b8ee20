"""All protocols by name."""

import difflib

from . import base_to_novel, few_shot, fully_supervised, mini, zero_shot
from .protocol import Protocol

FAMILIES = {
    'zero-shot': zero_shot.PROTOCOLS,
    'few-shot': few_shot.PROTOCOLS,
    'base-to-novel': base_to_novel.PROTOCOLS,
    'fully supervised': fully_supervised.PROTOCOLS,
    'mini': mini.PROTOCOLS,
}

PROTOCOLS: dict[str, Protocol] = {
    protocol.id: protocol for protocols in FAMILIES.values() for protocol in protocols
}


def get_protocol(name: str) -> Protocol:
    """The protocol of a name.

    Raises:
        ValueError: There is none; near names are given.
    """
    if name not in PROTOCOLS:
        near = difflib.get_close_matches(name, PROTOCOLS, n=4, cutoff=0.5)
        raise ValueError(
            f"There is no protocol '{name}' (near: {', '.join(near) or 'none'}): choose one of "
            '`python tools/run_protocol.py --list`.'
        )
    return PROTOCOLS[name]


def describe_protocols() -> str:
    """A text with all names and what they mean."""
    lines = []
    for family, protocols in FAMILIES.items():
        lines += [f'{family}:', *(f'  {p.id}\n      {p.meaning}' for p in protocols), '']
    return '\n'.join(lines)
