"""Prepare a data set: read the official files, find the videos, write lists and a report."""

import argparse
import hashlib
from pathlib import Path

from ..utils import write_text
from ..utils.annotation_lists import format_line
from .base import OPTIONS, ListedVideo, Preparation, VideoList
from .decode_check import CACHE_NAME, check_decoding
from .matching import Match, match, prefer_readable, stem_of
from .reading import check_folder
from .report import ListNumbers, Report
from .scanning import HOST_TEMPLATE, below, scan
from .writing import check_link, make_link, write_texts

OK, INCOMPLETE = 0, 1  # exit codes


def prepare(preparation: Preparation, args: argparse.Namespace) -> int:
    """Write the lists of a data set, with links to its videos and a report.

    Args:
        preparation: Reads the official files.
        args: Options of ``actionclip prepare NAME``.

    Returns:
        The exit code: 0 complete, 1 something is missing or wrong; lists of the rest are written.

    Raises:
        ValueError: Wrong options or official files; nothing was written.
        OSError: A file or folder is missing, or a file that differs would be replaced.
    """
    benchmark = preparation.benchmark
    sources = {'videos': args.videos, 'rawframes': args.frames}
    sources = {kind: root for kind, root in sources.items() if root is not None}
    if not sources:
        raise ValueError('Neither --videos nor --frames is given: give the folder of your copy.')
    for kind, root in sources.items():
        check_folder(root, OPTIONS[kind])
    plan = preparation.read(args)
    if len(plan.labels) != benchmark.num_classes:
        raise ValueError(
            f"The files in '{args.annotations}' name {len(plan.labels)} classes but "
            f'{benchmark.title} has {benchmark.num_classes}, so ids would mean other classes than '
            'elsewhere: give all of its official files.'
        )
    report = Report(benchmark.name, benchmark.title, fixed_sizes=benchmark.fixed_sizes)
    report.present_only, report.decoding_checked = args.present_only, args.check_decoding
    report.classes = len(plan.labels)
    report.problems, report.notes = list(plan.problems), list(plan.notes)

    matches: dict[tuple[str, str], Match] = {}
    for kind, root in sources.items():
        for split in dict.fromkeys(videos.split for videos in plan.lists):
            lists = [videos for videos in plan.lists if videos.split == split]
            found = _look(preparation, lists, root, split, kind, args, report)
            check_link(args.out / f'{kind}{split}', found.folder, args.overwrite)
            matches[kind, split] = found

    texts = {args.out / name: _join(lines) for name, lines in plan.texts.items()}
    texts[args.out / 'labels.txt'] = _join(plan.labels)
    for (kind, split), found in matches.items():
        if kind == 'videos' and args.check_decoding:
            _decode(found, args)
        _report_folder(report, f'{kind}{split}', found)
        for videos in plan.lists:
            if videos.split == split and (kind == 'videos' or '{kind}' in videos.listed.file):
                texts |= _list_text(preparation, videos, found, kind, args, report)
    report.written = [path.name for path in write_texts(texts, args.overwrite)]
    for (kind, split), found in matches.items():
        make_link(args.out / f'{kind}{split}', found.folder)
    return _finish(preparation, report, args.out, '' if args.videos else '_rawframes')


def _look(
    preparation: Preparation,
    lists: list[VideoList],
    root: Path,
    split: str,
    kind: str,
    args: argparse.Namespace,
    report: Report,
) -> Match:
    """Scan and match one folder."""
    folder = preparation.split_folder(root, split, kind)
    content = scan(folder, kind)
    replacements = preparation.replacement_folders(root, kind)
    if replacements:
        content.found = below(root, folder, content.found)
        for other in replacements:
            content.found += below(root, other, scan(other, kind).found, replacement=True)
        folder = root  # lists name files of both
    found = match(preparation, lists, content, folder, OPTIONS[kind])
    if kind == 'rawframes' and content.templates != {HOST_TEMPLATE}:
        report.problems.append(_template_sentence(content.templates, folder))
    report.problems += found.hints
    if kind == 'videos':
        cache = args.out / CACHE_NAME
        prefer_readable(found, lambda paths: check_decoding(paths, cache, args.workers))
    return found


def _decode(found: Match, args: argparse.Namespace) -> None:
    """Add the results of decoding."""
    paths = {found.folder / f.path: path for path, f in found.found.items() if not f.fault}
    readings = check_decoding(paths, args.out / CACHE_NAME, args.workers)
    found.unusable |= {paths[path]: r.error for path, r in readings.items() if r.error}
    found.damaged |= {paths[path]: r.damage for path, r in readings.items() if r.damage}


def _report_folder(report: Report, where: str, found: Match) -> None:
    """Report missing, unusable, damaged, extra and duplicate files of a folder."""
    report.missing[where], report.unusable[where] = found.missing, found.unusable
    report.damaged[where] = found.damaged
    report.extra[where], report.duplicates[where] = found.extra, found.duplicates


def _list_text(
    preparation: Preparation,
    videos: VideoList,
    found: Match,
    kind: str,
    args: argparse.Namespace,
    report: Report,
) -> dict[Path, str]:
    """Content of a list; its numbers go to the report."""
    lines, missing, unusable = [], 0, 0
    for video in videos.videos:
        is_missing, is_unusable = video.path not in found.found, video.path in found.unusable
        missing += is_missing
        unusable += is_unusable
        if videos.listed.test:
            keep = not (is_missing and args.present_only)
        else:
            keep = not (is_missing or is_unusable)
        if keep:
            lines.append(_line(video, found, kind))
    file, text = videos.listed.file_name(kind == 'rawframes'), _join(lines)
    numbers = ListNumbers(
        file=file,
        published=list(preparation.benchmark.sizes(videos.listed)),
        listed=len(videos.videos),
        missing=missing,
        unusable=unusable,
        written=len(lines),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
    report.lists.append(numbers)
    return {args.out / file: text}


def _line(video: ListedVideo, found: Match, kind: str) -> str:
    file = found.found.get(video.path)
    path = video.path if kind == 'videos' else stem_of(video.path)
    frames = [file.frames if file else 0] if kind == 'rawframes' else []
    return f'{format_line(file.path if file else path, *frames)} {video.annotation}'.rstrip()


def _finish(preparation: Preparation, report: Report, out: Path, ending: str) -> int:
    """Write and print the report; returns the exit code."""
    wrong_sizes = preparation.benchmark.fixed_sizes and (
        any(not row.as_published or row.missing for row in report.lists)
    )
    report.complete = not (wrong_sizes or report.problems or any(report.unusable.values()))
    readable = out / f'preparation_report{ending}.md'
    write_text(readable.with_suffix('.json'), report.json())
    write_text(readable, report.markdown(), errors='backslashreplace')
    report.show()
    print(f'{len(report.written)} new or changed files in {out}, and {readable.name}')
    if report.complete:
        return OK
    print(f'INCOMPLETE: {readable} says what is missing or wrong.')
    return INCOMPLETE


def _join(lines: list[str]) -> str:
    return ''.join(f'{line}\n' for line in lines)


def _template_sentence(templates: set[tuple[str, int]], folder: Path) -> str:
    if len(templates) == 1:
        (template, start), *_ = templates
        return (
            f"The frames in '{folder}' are named '{template}' from {start}: set the dataset's "
            f"filename_tmpl='{template}' and start_index={start}."
        )
    return (
        f"The frames in '{folder}' have {len(templates)} kinds of names ({sorted(templates)[:3]}): "
        'the host reads one kind only.'
    )
