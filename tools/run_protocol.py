"""Measures a model under a named protocol: all its splits or seeds, a statistic, a result card.

Usage: python tools/run_protocol.py zero_shot_ucf101_z3 --checkpoint FILE [--processes 4]
       python tools/run_protocol.py --list

Protocols that train (few-shot, base-to-novel, splits) start from --checkpoint, or from CLIP
without one. See docs/protocols.md.
"""

import argparse
import datetime
import importlib.metadata
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))  # of what is not installed

from _entry import run_tool

# isort: split
import torch
from _protocol_runs import Executor
from mmengine.config import DictAction

import actionclip_mm
from actionclip_mm.clip.weight_files import sha256
from actionclip_mm.protocols import (
    Card,
    Protocol,
    describe_protocols,
    make_card,
    write_card,
)
from actionclip_mm.protocols.card_markdown import METRICS, describe_statistic, to_markdown
from actionclip_mm.protocols.facts import training_facts
from actionclip_mm.protocols.plan import Plan, Request, make_plan
from actionclip_mm.utils import WorkDirLock, to_json, write_text

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ('torch', 'torchvision', 'mmaction2', 'mmengine', 'mmcv', 'mmcv-lite', 'open_clip_torch',
            'decord', 'av', 'opencv-python', 'numpy')  # fmt: skip


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.split('\n\n')[0], formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add('protocol', nargs='?', help='a name of --list')
    add('--list', action='store_true', help='print all protocols with what they mean')
    add('--checkpoint', nargs='+', type=Path, default=[], metavar='FILE',
        help='model to test, or to start training from (CLIP without one); one for all runs or\n'
        'one per run')  # fmt: skip
    add('--test-only', action='store_true', help='test --checkpoint and train nothing')
    add('--config', type=Path, metavar='LEAF', help="your model instead of the protocol's own")
    add('--data-root', type=Path, default=Path('data'), help='folder of the data sets')
    add('--work-dir', type=Path, help='work_dirs/protocols/PROTOCOL by default')
    add('--processes', type=int, default=1, help='of this machine, one per GPU')
    add('--seed', type=int, help="of trainings; the draw's by default")
    add('--seeds', type=int, nargs='+', help='of draws, one run each')
    add('--nested', action='store_true', help='a draw of 4 holds the draw of 2')
    add('--train-list', type=Path, nargs='+', default=[], metavar='FILE',
        help='published few-shot list (`path label`) instead of a draw; one for all runs or one\n'
        'per run')  # fmt: skip
    add('--base-labels', type=Path, metavar='FILE', help='published base classes (base-to-novel)')
    add('--templates', help='preset, or file of templates or descriptions')
    add('--cfg-options', nargs='+', action=DictAction, default={}, help='as in tools/test.py')
    add('--resume', action='store_true', help='do not repeat what is finished')
    add('--card-schema', action='store_true', help='print the JSON Schema of card.json')
    args = parser.parse_args(argv)
    if args.processes < 1:
        parser.error(f'--processes {args.processes} must be 1 or more')
    if args.protocol is None and not (args.list or args.card_schema):
        parser.error('name a protocol, or --list them')
    return args


def request(args: argparse.Namespace) -> Request:
    return Request(
        protocol=args.protocol,
        checkpoints=args.checkpoint,
        test_only=args.test_only,
        config=args.config,
        data_root=args.data_root,
        seed=args.seed,
        seeds=args.seeds or (),
        nested=args.nested,
        train_lists=args.train_list,
        base_labels=args.base_labels,
        templates=args.templates,
        options=args.cfg_options,
    )


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if args.list:
        print(describe_protocols())
        return
    if args.card_schema:
        print(to_json(Card.json_schema()))
        return
    try:
        plan = make_plan(request(args), ROOT / 'configs')
        work_dir = args.work_dir or Path('work_dirs') / 'protocols' / plan.protocol.id
        argv = sys.argv[1:] if argv is None else argv
        with WorkDirLock(work_dir):
            card = measure(plan, args, work_dir.resolve(), argv)
            write_card(card, work_dir / 'card.json')
            write_text(work_dir / 'card.md', to_markdown(card), errors='backslashreplace')
    except KeyboardInterrupt as stop:
        again = shlex.join(['python', 'tools/run_protocol.py', *argv])
        resume = '' if args.resume else ' --resume'
        raise type(stop)(f'what is finished is kept; to go on: {again}{resume}') from None
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        sys.exit(f'Error: {str(error).strip()}')
    report(plan.protocol, card, work_dir)


def measure(plan: Plan, args: argparse.Namespace, work_dir: Path, argv: list[str]) -> Card:
    """Carries out all runs and makes the card."""
    start = time.time()
    protocol = plan.protocol
    print(f'{protocol.id}: {protocol.meaning}', flush=True)
    for text in plan.differences:
        print(f'Note: {text}', flush=True)
    executor = Executor(protocol, plan.leaf, work_dir, args.processes, args.resume)
    results: list[dict[str, Any]] = []
    for number, job in enumerate(plan.jobs, start=1):
        results += executor.run(job, f'[{number}/{len(plan.jobs)}]')
    given = [sha256(path) for path in args.checkpoint]
    training = None
    if plan.jobs[0].train is not None:
        training = training_facts(plan.leaf, start_of(plan, given), plan.draws, args.processes)
    return make_card(
        protocol=dict(
            id=protocol.id,
            meaning=protocol.meaning,
            dataset=protocol.dataset,
            shots=protocol.shots,
            statistic=protocol.statistic.rule(len(plan.jobs)),
            differences=plan.differences,
        ),
        model=replace(plan.model, checkpoint_sha256=given[0] if len(set(given)) == 1 else None),
        text=plan.text,
        test=plan.test,
        training=training,
        runs=results,
        statistics=protocol.statistic.compute(results),
        evidence=executor.evidence(results),
        made=dict(
            date=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'),
            seconds=round(time.time() - start, 1),
            processes=args.processes,
            command=shlex.join(['python', 'tools/run_protocol.py', *argv]),
            versions=versions(),
            git_commit=git_commit(),
            device=torch.cuda.get_device_name() if torch.cuda.is_available() else 'CPU',
        ),
    )


def start_of(plan: Plan, checkpoints: Sequence[str]) -> str:
    """What a training starts from, in words; checkpoints are named by their hashes."""
    if checkpoints:
        return f'checkpoint {", ".join(checkpoints)}'
    if plan.leaf.get('load_from') is not None:
        return f'{plan.leaf["load_from"]} (config)'
    pretrained = plan.model.pretrained
    return 'weights of the config' if pretrained is None else f'CLIP ({pretrained})'


def report(protocol: Protocol, card: Card, work_dir: Path) -> None:
    """Prints the statistics and where the card is."""
    print(f'\n{protocol.id}, {card.protocol.statistic}')
    for row in card.statistics:
        metric = METRICS.get(row.metric, row.metric)
        print(f'  {row.part} {metric}: {describe_statistic(row)} %')
    if not card.is_complete:
        print('INCOMPLETE: not every listed video was scored, so these numbers do not count.')
    print(f'Result card: {work_dir / "card.md"} and card.json')


def versions() -> dict[str, str | None]:
    """Of Python, of this package and of what stands below it."""
    found: dict[str, str | None] = {'python': platform.python_version()}
    found['actionclip_mm'] = actionclip_mm.__version__
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def git_commit() -> str | None:
    """Commit of the checkout, ``-dirty`` if files were changed since; None where it is none."""
    # tags have names of their own, --exclude '*' keeps to hashes
    describe = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude', '*']
    try:
        command = ['git', '-C', str(ROOT), *describe]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


if __name__ == '__main__':
    run_tool(main)
