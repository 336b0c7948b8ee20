"""Encode the videos of a list again, small and with many key frames, so that training reads faster.

    actionclip pack data/ucf101/ucf101_train_split_1_videos.txt data/ucf101_packed --workers 8
    actionclip pack configs/finetune/CONFIG.py data/ucf101_packed

OUT gets the videos (H.264, short side 256, a key frame every 12 frames, no sound; frame i stays
frame i), the list with their paths and a report with sizes, PSNR and unreadable videos. A config
stands for all of its lists. Run the same call again after an interruption.

Exit code: 0 all videos are packed, 1 some cannot be read (they are listed), 2 the call is wrong.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..utils import read_config
from ..utils.annotation_lists import check_inside, read_lines
from ._arguments import existing_file, make_parser, positive
from .check_videos import find_prefix

PRESETS = ('ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium', 'slow', 'slower')
SHOWN = 20
MiB = 2**20

kept = 'what was packed is kept, run it again to go on.'


def main(argv: Sequence[str] | None = None) -> int:
    """Check the call, pack the videos and return the exit code."""
    parser = make_parser('pack', __doc__)
    add = parser.add_argument
    add('list', type=existing_file, help='annotation list of video files, or a config')
    add('out', type=Path, help='folder of the packed videos and lists')
    add('--data-prefix', type=Path, help='folder of its paths; default: videos[_split] next to it')
    add('--allow-outside', action='store_true', help='the list may name files outside of it')
    add('--short-side', type=positive, default=256, help='pixels, never enlarged (default 256)')
    add('--gop', type=positive, default=12, help='a key frame every so many frames (default 12)')
    add('--crf', type=_crf, default=20, help='quality, 0 (lossless) to 51 (default 20)')
    add('--preset', default='medium', choices=PRESETS, help="libx264's preset (default medium)")
    add('--small', action='store_true', help='smaller files that take twice as long to decode')
    add('--workers', type=positive, default=4, help='processes, one video each (default 4)')
    add('--drop-unreadable', action='store_true', help='omit unreadable videos from the new list')
    add('--overwrite', action='store_true', help='replace a list that differs')
    args = parser.parse_args(argv)
    with parser.wrong_calls():
        return pack(args)


def pack(args: argparse.Namespace) -> int:
    """Pack each list; see :func:`main`."""
    wanted = list(_lists(args))
    read = [(path, prefix, read_lines(str(path))) for path, prefix in wanted]
    for path, prefix, lines in read:
        if not args.allow_outside:
            for line in lines:
                check_inside(line.place, line.path, str(prefix), option='--allow-outside')
        if not any((prefix / line.path).exists() for line in lines):
            raise FileNotFoundError(
                f"None of the {len(lines):,} videos of '{path}' is in '{prefix}', such as "
                f"'{lines[0].path}': correct --data-prefix."
            )

    from ..preparation.pack_run import pack_list, report
    from ..preparation.packing import Settings

    settings = Settings(args.short_side, args.gop, args.crf, args.preset, not args.small)
    bad = 0
    for path, prefix, lines in read:
        packed = pack_list(
            lines, prefix, args.out, path.name, settings, args.workers, args.drop_unreadable,
            args.overwrite,
        )  # fmt: skip
        found = report(packed, settings)
        bad += len(found['unreadable'])
        for word, reasons in (('BAD', found['unreadable']), ('damaged', found['damaged'])):
            for name, reason in list(reasons.items())[:SHOWN]:
                print(f'{word} {name}: {reason}')
            if len(reasons) > SHOWN:
                print(f'… and {len(reasons) - SHOWN} more: see the report')
        before, after = found['bytes_before'] / MiB, found['bytes_after'] / MiB
        print(
            f'{found["packed"]:,} of {found["videos"]:,} videos, {found["frames"]:,} frames, '
            f'{before:,.1f} MiB -> {after:,.1f} MiB, luma PSNR '
            f'{found["psnr_luma_db"].get("median")} dB (median)'
        )
        print(f'{args.out / path.name}   data_prefix: {args.out / prefix.resolve().name}')
    return 1 if bad else 0


def _lists(args: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    """Each different list with the folder of its paths.

    Raises:
        ValueError: A data set of a config does not read a list of video files.
    """
    if args.list.suffix != '.py':
        yield args.list, args.data_prefix or find_prefix(args.list)
        return
    if args.data_prefix is not None:
        raise ValueError('--data-prefix goes with a list: a config has its own.')
    config = read_config(args.list)
    seen = set()
    for split in ('train', 'val', 'test'):
        dataset = (config.get(f'{split}_dataloader') or {}).get('dataset')
        if not dataset:
            continue
        if dataset.get('type') not in ('RobustVideoDataset', 'VideoDataset'):
            raise ValueError(
                f'{split}_dataloader.dataset is a {dataset.get("type")}, which actionclip pack '
                'cannot rewrite: give its list of video files.'
            )
        pair = Path(dataset['ann_file']), Path(dataset['data_prefix']['video'])
        if pair not in seen:
            seen.add(pair)
            yield pair


def _crf(text: str) -> int:
    if not text.isdigit() or int(text) > 51:
        raise argparse.ArgumentTypeError(f'must be in [0, 51], got {text}')
    return int(text)
