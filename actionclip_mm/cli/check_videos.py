"""Decodes the first, the middle and the last frame of every video of a list.

    python tools/data/check_videos.py data/ucf101/ucf101_val_split_1_videos.txt --workers 8

Writes the lines of the readable videos (LIST_clean.txt) and a report with the reasons of the others
(LIST_report.json), which also names videos that can be read in part. What was read is remembered
in decode_check.jsonl beside the list, as the preparation tools do. Exit code: 0 all can be read,
1 some cannot, 2 a wrong call.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path += map(str, Path(__file__).resolve().parents[1:3])  # of what is not installed

from _entry import run_tool

# isort: split
from actionclip_mm.preparation.command import exit_code
from actionclip_mm.preparation.decode_check import CACHE_NAME, check_decoding
from actionclip_mm.preparation.writing import write_texts
from actionclip_mm.utils import check_positive, write_json
from actionclip_mm.utils.annotation_lists import BLANK, check_inside, read_lines

SHOWN = 20
SPLIT = re.compile(r'_(train|val|test)(?=_|$)')


def find_prefix(videos: Path) -> Path:
    """Where the videos of a list are, in the layout of data/README.md.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    splits = SPLIT.findall(videos.stem)
    names = ['videos', *(f'videos_{split}' for split in splits[-1:])]
    for name in names:
        if (videos.parent / name).is_dir():
            return videos.parent / name
    raise FileNotFoundError(
        f"There is no folder {' or '.join(names)} beside '{videos}': give --data-prefix."
    )


def check(args: argparse.Namespace) -> int:
    """Checks a list, writes what came out and returns the exit code."""
    check_positive(args.workers, '--workers')
    out = args.out or args.list.with_name(f'{args.list.stem}_clean.txt')
    report = args.report or args.list.with_name(f'{args.list.stem}_report.json')
    if args.list.resolve() in (out.resolve(), report.resolve()):
        raise ValueError(f"'{args.list}' would be overwritten: give another --out or --report.")
    lines = read_lines(str(args.list))
    prefix = args.data_prefix or find_prefix(args.list)
    if not args.allow_outside:
        for line in lines:
            check_inside(line.place, line.path, str(prefix), option='--allow-outside')
    names = {prefix / line.path: line.path for line in lines}
    if not any(path.exists() for path in names):
        raise FileNotFoundError(
            f"None of the {len(names):,} videos of '{args.list}' is in '{prefix}', such as "
            f"'{lines[0].path}': correct --data-prefix."
        )

    cache = args.cache or args.list.with_name(CACHE_NAME)
    readings = check_decoding(names, cache, args.workers)
    unreadable = {path: reading.error for path, reading in readings.items() if reading.error}
    bad = {names[path]: error for path, error in unreadable.items()}
    damaged = {names[path]: reading.damage for path, reading in readings.items() if reading.damage}
    texts = args.list.read_bytes().decode('utf-8-sig').split('\n')
    texts = [text.rstrip('\r') for text in texts if text.strip(BLANK)]
    rows = zip(texts, lines, strict=True)
    clean = [text for text, line in rows if prefix / line.path not in unreadable]
    numbers = dict(listed=len(lines), readable=len(clean), damaged=len(damaged), bad=len(bad))
    summary = dict(list=str(args.list), data_prefix=str(prefix), **numbers)
    summary |= dict(bad_videos=bad, damaged_videos=damaged)
    write_json(report, summary)
    _show(bad, damaged, numbers)
    write_texts({out: ''.join(f'{text}\n' for text in clean)}, args.overwrite)
    print(f'{out}\n{report}')
    return 1 if bad else 0


def _show(bad: dict[str, str], damaged: dict[str, str], numbers: dict[str, int]) -> None:
    for word, reasons in (('BAD', bad), ('damaged', damaged)):
        for path, reason in list(reasons.items())[:SHOWN]:
            print(f'{word} {path}: {reason}')
        if len(reasons) > SHOWN:
            print(f'… and {len(reasons) - SHOWN} more: see the report')
    print(', '.join(f'{number:,} {name}' for name, number in numbers.items()))


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('list', type=Path, help='annotation list of video files')
    parser.add_argument(
        '--data-prefix', type=Path, help='folder of its paths; default: videos[_split] beside it'
    )
    parser.add_argument(
        '--allow-outside', action='store_true', help='the list may name files outside of it'
    )
    parser.add_argument('--workers', type=int, default=4)
    parser.add_argument('--out', type=Path, help='clean list; default: LIST_clean.txt')
    parser.add_argument('--report', type=Path, help='default: LIST_report.json')
    parser.add_argument('--cache', type=Path, help=f'default: {CACHE_NAME} beside LIST')
    parser.add_argument(
        '--overwrite', action='store_true', help='replace a clean list that differs'
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    args = parse_args(argv)
    return exit_code(lambda: check(args))


if __name__ == '__main__':
    run_tool(main)
