"""Measure a model under a named protocol: all its splits or seeds, a statistic, a result card.

Usage: actionclip protocol zero_shot_ucf101_z3 --checkpoint FILE [--processes 4]
       actionclip protocol --list

Protocols that train (few-shot, base-to-novel, splits) start from --checkpoint, or from CLIP
without one. See docs/protocols.md.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..protocols import Card, describe_protocols
from ..protocols.card_markdown import METRICS, describe_statistic
from ..protocols.request import Request
from ..utils import to_json
from ._arguments import make_parser, positive


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser('protocol', __doc__.split('\n\n')[0])
    add = parser.add_argument
    add('protocol', nargs='?', help='a name of --list')
    add('--list', action='store_true', help='print all protocols with what they mean')
    add('--card-schema', action='store_true', help='print the JSON Schema of card.json')
    add('--checkpoint', nargs='+', type=Path, default=[], metavar='FILE',
        help='model to test, or to start training from (CLIP without one); one for all runs or\n'
        'one per run')  # fmt: skip
    add('--test-only', action='store_true', help='test --checkpoint and train nothing')
    add('--config', type=Path, metavar='LEAF', help="your model instead of the protocol's own")
    add('--data-root', type=Path, default=Path('data'), help='folder of the data sets')
    add('--work-dir', type=Path, help='default: work_dirs/protocols/PROTOCOL')
    add('--processes', type=positive, default=1, help='processes of this machine, one per GPU')
    add('--seed', type=int, help='seed of trainings; default: that of the draw')
    add('--seeds', type=int, nargs='+', default=[], help='seeds of draws, one run each')
    add('--nested', action='store_true', help='a draw of 4 contains the draw of 2')
    add('--train-list', type=Path, nargs='+', default=[], metavar='FILE',
        help='published few-shot list (`path label`) instead of a draw; one for all runs or one\n'
        'per run')  # fmt: skip
    add('--base-labels', type=Path, metavar='FILE', help='published base classes (base-to-novel)')
    add('--templates', help='preset, or file of templates or descriptions')
    add('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='as in actionclip test')
    add('--resume', action='store_true', help='do not repeat what is finished')
    args = parser.parse_args(argv)
    if args.protocol is None and not (args.list or args.card_schema):
        parser.error('name a protocol, or --list them')
    wrong = [option for option in args.cfg_options if '=' not in option]
    if wrong:
        parser.error(f'--cfg-options must be KEY=VALUE, got {wrong[0]}')
    return args


def request_of(args: argparse.Namespace) -> Request:
    """What the command line asks for, without --cfg-options."""
    return Request(
        protocol=args.protocol,
        checkpoints=args.checkpoint,
        test_only=args.test_only,
        config=args.config,
        data_root=args.data_root,
        seed=args.seed,
        seeds=args.seeds,
        nested=args.nested,
        train_lists=args.train_list,
        base_labels=args.base_labels,
        templates=args.templates,
    )


def read_options(pairs: Sequence[str]) -> dict[str, Any]:
    """Values of --cfg-options, read as mmengine's tools do."""
    from mmengine.config import DictAction

    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='*', action=DictAction)
    return parser.parse_args(['--cfg-options', *pairs]).cfg_options


def measure(args: argparse.Namespace, work_dir: Path, command: Sequence[str]) -> Card:
    """Run the protocol; a wrong request is refused before torch is imported."""
    request = request_of(args)
    with make_parser('protocol', None).wrong_calls():
        request.resolve()
    from .. import register_all

    register_all()
    from ..protocols.runs import execute

    request = replace(request, options=read_options(args.cfg_options))
    return execute(request, work_dir, args.processes, args.resume, command)


def report(card: Card, work_dir: Path) -> None:
    """Print the statistics and where the card is."""
    print(f'\n{card.protocol.id}, {card.protocol.statistic}')
    for row in card.statistics:
        metric = METRICS.get(row.metric, row.metric)
        print(f'  {row.part} {metric}: {describe_statistic(row)} %')
    if not card.is_complete:
        print('INCOMPLETE: not every listed video was scored, so these numbers do not count.')
    print(f'Result card: {work_dir / "card.md"} and card.json')


def main(argv: Sequence[str] | None = None) -> None:
    """Run a protocol, or print what there is."""
    args = parse_args(argv)
    if args.list:
        print(describe_protocols())
        return
    if args.card_schema:
        print(to_json(Card.json_schema()))
        return
    command = ['actionclip', 'protocol', *(sys.argv[1:] if argv is None else argv)]
    work_dir = args.work_dir or Path('work_dirs', 'protocols', args.protocol)
    try:
        card = measure(args, work_dir, command)
    except KeyboardInterrupt as stop:
        again = shlex.join([*command, *([] if args.resume else ['--resume'])])
        raise type(stop)(f'what is finished is kept; to go on: {again}') from None
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        sys.exit(f'Error: {str(error).strip()}')
    report(card, work_dir)
