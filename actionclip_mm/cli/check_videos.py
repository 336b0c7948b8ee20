"""Decode the first, the middle and the last frame of every video of a list.

    actionclip check-videos data/ucf101/ucf101_val_split_1_videos.txt --workers 8

Writes the lines of the readable videos (LIST_clean.txt) and a report with the reasons of the others
(LIST_report.json), which also names videos that are readable in part. Results are remembered in
decode_check.jsonl next to the list, as by actionclip prepare.

Exit code: 0 all are readable, 1 some are not, 2 the call is wrong.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from ..utils import write_json
from ..utils.annotation_lists import BLANK, check_inside, read_lines
from ._arguments import existing_file, make_parser, positive

SHOWN = 20
SPLIT = re.compile(r'_(train|val|test)(?=_|$)')

kept = 'what was decoded is remembered, run it again to go on.'


def main(argv: Sequence[str] | None = None) -> int:
    """Check a list, write the results and return the exit code."""
    parser = make_parser('check-videos', __doc__)
    add = parser.add_argument
    add('list', type=existing_file, help='annotation list of video files')
    add('--data-prefix', type=Path, help='folder of its paths; default: videos[_split] next to it')
    add('--allow-outside', action='store_true', help='the list may name files outside of it')
    add('--workers', type=positive, default=4, help='processes that decode (default: 4)')
    add('--out', type=Path, help='clean list; default: LIST_clean.txt')
    add('--report', type=Path, help='default: LIST_report.json')
    add('--cache', type=Path, help='default: decode_check.jsonl next to LIST')
    add('--overwrite', action='store_true', help='replace a clean list that differs')
    args = parser.parse_args(argv)
    with parser.wrong_calls():
        return check(args)


def find_prefix(videos: Path) -> Path:
    """Folder of the videos of a list, in the layout of data/README.md.

    Raises:
        FileNotFoundError: No such folder.
    """
    splits = SPLIT.findall(videos.stem)
    names = ['videos', *(f'videos_{split}' for split in splits[-1:])]
    for name in names:
        if (videos.parent / name).is_dir():
            return videos.parent / name
    raise FileNotFoundError(
        f"No folder {' or '.join(names)} next to '{videos}': give --data-prefix."
    )


def check(args: argparse.Namespace) -> int:
    """Check the videos of a list; see :func:`main`."""
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

    from ..preparation.decode_check import CACHE_NAME, check_decoding
    from ..preparation.writing import write_texts

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
