"""What the commands that write feature stores share: parts of the work, and unreadable videos."""

import argparse
import os
import re
import sys
from typing import TextIO

from ..utils import printable
from ._arguments import Parser, positive

KEPT = 'finished shards are kept, run it again to go on.'
SHOWN = 20


def add_shard_options(parser: Parser) -> None:
    """Options that share the work among processes and split it into files."""
    add = parser.add_argument
    add('--shard', type=part, help='I/N: part I, from 0, of N processes; default: torchrun, or 0/1')
    add('--shard-size', type=positive, default=256, help='videos per file (default 256)')


def part(text: str) -> tuple[int, int]:
    """Argument type: the number of a process, from 0, and the number of processes."""
    found = re.fullmatch(r'(\d+)/(\d+)', text)
    if not found or int(found[1]) >= int(found[2]):
        raise argparse.ArgumentTypeError(f'must be I/N with I from 0 to N - 1, got {text}')
    return int(found[1]), int(found[2])


def part_of(args: argparse.Namespace) -> tuple[int, int]:
    """The part of this process: that of ``--shard``, or its rank under torchrun."""
    rank, world = os.environ.get('RANK', 0), os.environ.get('WORLD_SIZE', 1)
    return args.shard or (int(rank), int(world))


def print_failed(failed: dict[str, str], split: str = '', out: TextIO | None = None) -> None:
    """Print the first unreadable videos and how many more there are."""
    out = out or sys.stdout
    for name, why in list(failed.items())[:SHOWN]:
        # the reasons of our own reading begin with the path
        said = why if name.startswith(why.split(': ')[0]) else f'{name}: {why}'
        print(printable(f'BAD {split} {said}' if split else f'BAD {said}'), file=out)
    if len(failed) > SHOWN:
        print(f'… and {len(failed) - SHOWN} more' + (f' of {split}' if split else ''), file=out)
