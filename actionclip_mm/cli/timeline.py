"""Label a long video, a camera or a stream over time.

    actionclip timeline VIDEO --labels "arm wrestling" hugging --window 4 --out VIDEO.png VIDEO.srt
    actionclip timeline 0 --labels waving clapping --max-seconds 60      # camera 0, live
    actionclip timeline rtsp://ADDRESS --checkpoint CKPT.pth

Segments go to stdout as soon as they are known. Memory does not grow with the video. Exit code:
0 done (a live source may be ended by Ctrl-C), 1 the video cannot be read, 2 the call is wrong.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from ..utils import check_writable, printable
from ..utils.live_sources import is_live
from ._answers import RANDOM_NOTICE, hosts_log_warnings_only, without_host_noise
from ._arguments import Parser, make_parser, seconds
from ._predict_arguments import add_model_arguments, check_combinations, check_label_files
from .predict import build, check_device

if TYPE_CHECKING:
    from ..apis import ActionCLIPInferencer

VIDEOS = ('.mp4', '.mkv', '.mov')


def parser_of_timeline() -> Parser:
    parser = make_parser('timeline', __doc__)
    add = parser.add_argument
    add('video', help='video file, number of a camera, or address (rtsp://, http://, ...)')
    add_model_arguments(parser)
    add('--window', type=seconds, default=4.0, metavar='S', help='seconds of a window (default: 4)')
    add('--stride', type=seconds, metavar='S', help='seconds between windows (default: window / 4)')
    add(
        '--threshold',
        type=float,
        default=0.0,
        metavar='X',
        help='smallest score of a label; below it the answer is "none of these" (default: 0)',
    )
    add(
        '--none-of-these',
        action='store_true',
        default=None,
        help='let neutral sentences compete with the labels',
    )
    add(
        '--min-seconds',
        type=float,
        default=0.0,
        metavar='S',
        help='shorter segments take the label of the longer neighbour (default: 0)',
    )
    add('--max-seconds', type=seconds, metavar='S', help='stop after this time of the video')
    add(
        '--out',
        nargs='+',
        default=[],
        metavar='FILE',
        help='files to write, by suffix: .json .csv .srt, a picture (.png .svg .pdf), or the\n'
        'video with labels drawn into it (.mp4 .mkv .mov; of a file, without sound)',
    )
    parser.set_defaults(batch_size=None, workers=None)  # of build
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Print the segments and write the files; returns 0, or 1 if the video cannot be read."""
    parser = parser_of_timeline()
    args = parser.parse_args(argv)
    out = sys.stdout
    with parser.wrong_calls():
        check_combinations(args)
        check_outputs(args)
        check_label_files(args)
        with without_host_noise():
            check_device(args.device)
            with hosts_log_warnings_only():
                return run(build(args), args, out)
    return 0


def check_outputs(args: argparse.Namespace) -> None:
    """Raise ValueError or OSError for files that cannot be written, before anything long."""
    known = ('.json', '.csv', '.srt', '.png', '.svg', '.pdf', *VIDEOS)
    for path in args.out:
        if os.path.splitext(path)[1].lower() not in known:
            raise ValueError(f"--out '{path}' has an unsupported suffix: use {', '.join(known)}.")
        if is_video(path) and is_live(args.video):
            raise ValueError(f"--out '{path}' needs a video file: record the stream first.")
        if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
            raise FileNotFoundError(f"--out: the folder of '{path}' does not exist.")
        check_writable(path)
    if not is_live(args.video) and not os.path.isfile(args.video):
        raise FileNotFoundError(f"no such video file: '{args.video}'")


def is_video(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in VIDEOS


def run(inferencer: 'ActionCLIPInferencer', args: argparse.Namespace, out: TextIO) -> int:
    """Print the segments as they come, then write the files."""
    from ..apis.annotated_video import write_annotated
    from ..apis.timeline import segment_line
    from ..apis.video_reading import VideoError

    if args.random_weights:
        print(RANDOM_NOTICE, file=out, flush=True)
    try:
        timeline = inferencer.timeline(
            args.video,
            window=args.window,
            stride=args.stride,
            threshold=args.threshold,
            min_seconds=args.min_seconds,
            max_seconds=args.max_seconds,
            none_of_these=args.none_of_these,
            on_segment=lambda segment: print(segment_line(segment), file=out, flush=True),
        )
    except VideoError as error:
        print(f'error: {printable(str(error))}', file=sys.stderr)
        return 1
    for note in timeline.notes:
        print(f'note: {printable(note)}', file=sys.stderr)
    for path in sorted(args.out, key=is_video):  # what takes long comes last
        if is_video(path):
            write_annotated(timeline, path)
        else:
            timeline.write(path)
    return 0
