"""Write a data set's annotation lists from its official files; see docs/datasets.md.

    actionclip prepare ucf101 --videos UCF-101 --annotations ucfTrainTestlist
    actionclip prepare mini                     # generates the mini benchmark
    actionclip prepare --list                   # data sets and what to download
    actionclip prepare ucf101 --help            # its options

Exit code: 0 complete, 1 something is missing or wrong (lists of the rest are written), 2 the call
is wrong (nothing is written).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..benchmarks import BENCHMARKS, Benchmark, get_benchmark
from ._arguments import Parser, make_parser, positive

kept = 'what was decoded is remembered, run it again to go on.'
KEPT_MINI = 'an older set is as it was, run it again for a new one.'


def main(argv: Sequence[str] | None = None) -> int:
    """Prepare or generate a data set and return the exit code."""
    name, *rest = list(sys.argv[1:] if argv is None else argv) or ['--help']
    parser = make_parser('prepare', __doc__)
    parser.add_argument('name', metavar='NAME', help=', '.join(BENCHMARKS))
    parser.add_argument('--list', action='store_true', help='list the data sets')
    if name == '--list':
        print(describe_benchmarks())
        return 0
    with parser.wrong_calls():
        benchmark = get_benchmark(parser.parse_args([name]).name)
        if benchmark.is_generated:
            return _generate(benchmark, rest)
        return prepare_official(benchmark, rest)


def describe_benchmarks() -> str:
    """A text with all data sets, and what to download for each."""
    blocks = []
    for each in BENCHMARKS.values():
        rows = [f'{each.name}: {each.title}, {each.num_classes} classes']
        if each.is_generated:
            rows.append('  generated, no download')
        else:
            rows[0] += f' ({each.citation})'
            rows.append(f'  videos:      {each.videos}')
            rows.append(f'  annotations: {each.annotations} ({each.annotation_archive})')
        blocks.append('\n'.join(rows))
    return '\n\n'.join(blocks)


def prepare_parser(benchmark: Benchmark) -> Parser:
    """Options that all data sets with official files share."""
    parser = make_parser(
        f'prepare {benchmark.name}',
        f'Write the annotation lists of {benchmark.title} from its official files.\n'
        'Exit code: 0 complete, 1 something is missing or wrong, 2 the call is wrong.',
    )
    add = parser.add_argument
    add('--videos', type=Path, help=f'folder of the unpacked videos:\n{benchmark.videos}')
    add('--frames', type=Path, help='folder of extracted frames: writes raw-frame lists')
    add(
        '--annotations',
        type=Path,
        required=True,
        help=f'{benchmark.annotations},\nof {benchmark.annotation_archive}',
    )
    add('--out', type=Path, default=Path('data') / benchmark.name, help='default: %(default)s')
    add('--workers', type=positive, default=4, help='processes that decode (default: 4)')
    add('--check-decoding', action='store_true', help='decode 3 frames of each video')
    add(
        '--present-only',
        action=argparse.BooleanOptionalAction,
        default=not benchmark.fixed_sizes,
        help='omit missing videos from test lists too',
    )
    add('--overwrite', action='store_true', help='replace lists that differ')
    return parser


def prepare_official(benchmark: Benchmark, argv: Sequence[str]) -> int:
    """Write the lists of a data set with official files; returns the exit code."""
    from ..preparation import make_preparation, prepare

    preparation = make_preparation(benchmark)
    parser = prepare_parser(benchmark)
    preparation.add_arguments(parser)
    args = parser.parse_args(argv)
    with parser.wrong_calls():
        return prepare(preparation, args)


def _generate(benchmark: Benchmark, argv: list[str]) -> int:
    parser = make_parser(
        f'prepare {benchmark.name}',
        'Generate the mini benchmark: about 2000 mp4 clips, their lists, and captioned stills.\n'
        'Everything follows from the seed.',
    )
    add = parser.add_argument
    add('--out', type=Path, default=Path('data') / benchmark.name, help='default: %(default)s')
    add('--seed', type=int, default=0)
    add('--train', type=positive, default=24, help='clips per seen class (default: 24)')
    add('--val', type=positive, default=6, help='clips per seen class (default: 6)')
    add('--unseen', type=positive, default=6, help='clips per unseen class (default: 6)')
    add('--stills', type=int, default=0, help='images for pre-training, 0 or at least 10')
    add('--processes', type=positive, default=2, help='default: 2')
    args = parser.parse_args(argv)
    if args.stills < 0 or 0 < args.stills < 10:
        parser.error(f'--stills must be 0 or at least 10, got {args.stills}')
    from ..preparation.mini.generate import generate

    try:
        generate(args)
    except KeyboardInterrupt as stop:
        raise type(stop)(KEPT_MINI) from None
    return 0
