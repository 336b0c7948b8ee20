"""Measure speed and memory: options of a config, and optimisations against the plain way.

actionclip benchmark speed --list
actionclip benchmark speed text-bank head --rounds 5 --out results
actionclip benchmark table7 --videos 4
actionclip benchmark growth
actionclip benchmark frozen CONFIG --videos 8 --frames 8
actionclip benchmark views CONFIG --views 30 --at-once 5
actionclip benchmark memory CONFIG --videos 64
"""

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ._arguments import Parser, existing_file, make_parser, positive


def parser_of_benchmark() -> Parser:
    parser = make_parser('benchmark', __doc__)
    reports = parser.add_subparsers(required=True, dest='report', metavar='REPORT')
    _add_speed(reports)
    _add_table7(reports)
    growth = reports.add_parser('growth', help='against classes, frames, list lines, videos')
    growth.set_defaults(run=_run_growth)
    growth.add_argument('--arch', default='ViT-B-32', help='open_clip model (default: ViT-B-32)')
    growth.add_argument('--tiny', action='store_true', help='smallest sizes, to try the command')
    _add_machine(growth)
    frozen = reports.add_parser('frozen', help='time and memory of training with frozen towers')
    frozen.add_argument('--videos', type=positive, default=8, help='videos in a batch')
    views = reports.add_parser('views', help='time and memory of testing many views, a few at once')
    views.add_argument('--views', type=positive, default=30, help='clips x crops of the video')
    views.add_argument('--at-once', type=positive, default=5, help='max_testing_views')
    memory = reports.add_parser('memory', help='memory, time and exactness of saving memory')
    memory.add_argument('--videos', type=positive, default=8, help='videos in a batch')
    memory.add_argument('--videos-at-once', type=positive, default=4, help='micro_batch_size')
    memory.add_argument('--images-at-once', type=positive, default=32, help='frame_chunk')
    for report in (frozen, views, memory):
        report.set_defaults(run=_run_config_report)
        report.add_argument('config', type=existing_file, help='config with a VideoTextHead')
        report.add_argument('--frames', type=positive, default=8)
        report.add_argument('--classes', type=positive, default=400)
        report.add_argument('--rounds', type=positive, default=5, help='timed steps')
        report.add_argument('--device', help='default: cuda, or cpu if there is no GPU')
    return parser


def _add_speed(reports: Any) -> None:
    speed = reports.add_parser('speed', help='optimisations against the plain way, row by row')
    speed.set_defaults(run=_run_speed)
    speed.add_argument(
        'rows', nargs='*', metavar='ROW', help='names, or how they begin; all by default'
    )
    speed.add_argument('--list', action='store_true', help='list the rows')
    speed.add_argument('--arch', default='ViT-B-32', help='open_clip model (default: ViT-B-32)')
    speed.add_argument('--pretrained', help='open_clip tag or weight file; default: random weights')
    _add_machine(speed)
    speed.add_argument('--out', type=Path, metavar='DIR', help='folder for JSON, Markdown and PNG')
    speed.add_argument(
        '--into',
        type=existing_file,
        metavar='FILE',
        help='Markdown document whose generated part is replaced',
    )
    speed.add_argument('--tiny', action='store_true', help='smallest sizes, to try the command')


def _add_table7(reports: Any) -> None:
    table7 = reports.add_parser(
        'table7', help='MACs, parameters and speed of models, as in table 7 of the paper'
    )
    table7.set_defaults(run=_run_table7)
    table7.add_argument('--arch', help="open_clip model; default: the paper's four rows")
    table7.add_argument('--frames', type=positive, nargs='+', default=[8], help='of --arch')
    table7.add_argument('--videos', type=positive, default=1, help='videos in a batch')
    table7.add_argument('--bf16', action='store_true', help='autocast to bfloat16')
    _add_machine(table7)


def _add_machine(report: Parser) -> None:
    report.add_argument('--rounds', type=positive, default=5, help='timings of each way')
    report.add_argument('--threads', type=positive, help='of torch and OpenCV; default: all cores')
    report.add_argument('--device', help='default: cuda, or cpu if there is no GPU')


def main(argv: Sequence[str] | None = None) -> int | None:
    """Run one report and print it as Markdown.

    Returns:
        1 if a row of ``speed`` was skipped.
    """
    parser = parser_of_benchmark()
    args = parser.parse_args(argv)
    with parser.wrong_calls():
        return args.run(args)


def _prepare(args: argparse.Namespace) -> None:
    """Register the package, choose the device and silence the log."""
    from .. import register_all

    register_all()
    from mmengine.logging import MMLogger
    from mmengine.registry import init_default_scope

    from ..utils.devices import best_device

    args.device = args.device or str(best_device())
    init_default_scope('mmaction')
    MMLogger.get_current_instance().setLevel('WARNING')


def _run_config_report(args: argparse.Namespace) -> None:
    _prepare(args)
    from mmengine.config import Config

    config = Config.fromfile(args.config)
    if config.get('model', {}).get('cls_head', {}).get('label_encoder') is None:
        raise ValueError(f"'{args.config}' has no model.cls_head.label_encoder.")
    getattr(import_module('actionclip_mm.performance.reports'), args.report)(config, args)


def _run_table7(args: argparse.Namespace) -> None:
    _prepare(args)
    from ..performance.table7 import print_table

    print_table(args)


def _run_growth(args: argparse.Namespace) -> None:
    _prepare(args)
    from ..performance.growth import print_growth

    print_growth(args)


def _run_speed(args: argparse.Namespace) -> int | None:
    from ..performance.registry import all_rows, choose

    rows = choose(args.rows)
    if args.list:
        width = max(len(entry.name) for entry in rows)
        for entry in rows:
            target = f' (target {entry.target})' if entry.target else ''
            print(f'{entry.name:<{width}}  {entry.title}{target}')
        return None
    _prepare(args)
    from ..performance.speed import measure_rows

    return 1 if measure_rows(rows, list(all_rows()), args) else None
