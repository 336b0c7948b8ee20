"""Measure what options of a config cost, as ratios to the plain model on the same machine.

actionclip benchmark frozen CONFIG --videos 8 --frames 8
actionclip benchmark views CONFIG --views 30 --at-once 5
actionclip benchmark memory CONFIG --videos 64
"""

from collections.abc import Sequence

from ._arguments import Parser, existing_file, make_parser, positive


def parser_of_benchmark() -> Parser:
    parser = make_parser('benchmark', __doc__)
    reports = parser.add_subparsers(required=True, dest='report', metavar='REPORT')
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
        report.add_argument('config', type=existing_file, help='config with a VideoTextHead')
        report.add_argument('--frames', type=positive, default=8)
        report.add_argument('--classes', type=positive, default=400)
        report.add_argument('--rounds', type=positive, default=5, help='timed steps')
        report.add_argument('--device', help='default: cuda, or cpu if there is no GPU')
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Print a report as a Markdown table."""
    parser = parser_of_benchmark()
    args = parser.parse_args(argv)
    from .. import register_all

    register_all()
    import torch
    from mmengine.config import Config
    from mmengine.logging import MMLogger
    from mmengine.registry import init_default_scope

    from . import _benchmark_reports

    args.device = args.device or ('cuda' if torch.cuda.is_available() else 'cpu')
    init_default_scope('mmaction')
    MMLogger.get_current_instance().setLevel('WARNING')
    with parser.wrong_calls():
        config = Config.fromfile(args.config)
        if config.get('model', {}).get('cls_head', {}).get('label_encoder') is None:
            raise ValueError(f"'{args.config}' has no model.cls_head.label_encoder.")
        getattr(_benchmark_reports, args.report)(config, args)
