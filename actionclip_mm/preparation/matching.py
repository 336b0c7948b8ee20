"""Match listed videos to files on disk."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from ..utils import list_names
from .base import ListedVideo, Preparation, VideoList
from .decode_check import Reading
from .scanning import Found, Scan


@dataclass
class Match:
    """Listed videos of a split and the files of its folder.

    Args:
        folder: The user's folder.
        found: Listed path -> file.
        missing: Listed paths without a file.
        extra: Files in no list.
        duplicates: Further files of a listed video, not used.
        others: Listed path -> further files of this video, best first.
        unusable: Listed path -> reason, for files that cannot be used.
        damaged: Listed path -> what is wrong, for videos that are readable in part.
        hints: Sentences on folders and archives.
    """

    folder: Path
    found: dict[str, Found] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    others: dict[str, list[Found]] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    hints: list[str] = field(default_factory=list)


def match(
    preparation: Preparation, lists: Iterable[VideoList], scan: Scan, folder: Path, option: str
) -> Match:
    """Find the file of every listed video.

    Args:
        preparation: Decides which names are the same video.
        lists: Lists of one split.
        scan: Content of its folder.
        folder: The folder.
        option: Its command-line option, for messages.

    Raises:
        FileNotFoundError: No listed video is there; says what to unpack or which folder to give.
    """
    listed = {video.path: video for videos in lists for video in videos.videos}
    files: dict[str, list[Found]] = {}
    for found in scan.found:
        files.setdefault(preparation.key(found.stem), []).append(found)
    result = Match(folder)
    _refuse_class_folder(preparation, listed, scan, folder, option)
    stems = {stem_of(path): path for path in listed}  # a file under a listed name is that video
    used: dict[str, str] = {}
    for path, video in listed.items():
        keys_here = [key for key in _keys(preparation, video) if key in files]
        group = [f for key in keys_here[:1] for f in files[key] if stems.get(f.stem, path) == path]
        if not group:
            result.missing.append(path)
            for found in files.get(keys_here[0], ())[:1] if keys_here else ():
                result.hints.append(_taken(found.path, stems[found.stem], path))
            continue
        first, *others = sorted(group, key=partial(_rank, stem_of(path)))
        if first.path in used:
            result.missing.append(path)
            result.hints.append(_taken(first.path, used[first.path], path))
            continue
        used[first.path] = path
        result.found[path] = first
        result.others[path] = others
        if first.fault:
            result.unusable[path] = first.fault
    if listed and not result.found:
        raise FileNotFoundError(_nothing_there(preparation, listed, scan, folder, option))
    result.missing.sort()
    keys = {key for video in listed.values() for key in _keys(preparation, video)}
    for key, group in files.items():
        rest = [found for found in group if found.path not in used]
        if key in keys:
            result.duplicates += [found.path for found in rest]
        else:
            result.extra += [found.path for found in rest if not found.replacement]
    result.hints += _empty_folders(result, scan)
    return result


def _refuse_class_folder(
    preparation: Preparation, listed: dict[str, ListedVideo], scan: Scan, folder: Path, option: str
) -> None:
    """Refuse the folder of a single class."""
    own = {_keys(preparation, video)[0] for video in listed.values()}
    name = folder.resolve().name
    if scan.found and all(
        preparation.key(f.stem) not in own and preparation.key(f'{name}/{f.stem}') in own
        for f in scan.found
    ):
        raise FileNotFoundError(
            f"'{folder}' holds one class of {preparation.benchmark.title} only; the folder above "
            f'holds the others: use {option} {folder.parent}'
        )


def _taken(file: str, first: str, second: str) -> str:
    return f"'{file}' fits two listed videos, '{first}' and '{second}': it is taken for the first."


def _rank(stem: str, file: Found) -> tuple[bool, bool, bool, bool, str]:
    """Usable files first, then the one at the listed path, then one with the listed name."""
    other_name = file.stem.rpartition('/')[2] != stem.rpartition('/')[2]
    return file.fault is not None, file.replacement, file.stem != stem, other_name, file.path


def prefer_readable(
    match: Match, readings: Callable[[Iterable[Path]], Mapping[Path, Reading]]
) -> None:
    """Of several files of one listed video, use one that is readable, and completely.

    Args:
        match: Changed in place.
        readings: Decodes files; returns those with an error or damage.
    """
    several = {path: [match.found[path], *rest] for path, rest in match.others.items() if rest}
    files = [match.folder / f.path for group in several.values() for f in group if not f.fault]
    said = readings(files) if files else {}
    for path, group in several.items():
        first = min(group, key=lambda f: _damage(f, said.get(match.folder / f.path)))
        before = match.found[path]
        if first is not before:
            match.duplicates.remove(first.path)
            match.duplicates.append(before.path)
            match.found[path] = first
            match.unusable.pop(path, None)
            if first.fault:
                match.unusable[path] = first.fault


def _damage(file: Found, reading: Reading | None) -> int:
    if file.fault or (reading is not None and reading.error):
        return 2
    return int(reading is not None and reading.damage is not None)


def _keys(preparation: Preparation, video: ListedVideo) -> tuple[str, ...]:
    return video.keys or (preparation.key(stem_of(video.path)),)


def stem_of(path: str) -> str:
    """Listed path without extension: the folder of its frames."""
    return path.removesuffix(PurePosixPath(path).suffix)


def _nothing_there(
    preparation: Preparation, listed: dict, scan: Scan, folder: Path, option: str
) -> str:
    example = next(iter(listed))
    title = preparation.benchmark.title
    start = f"'{folder}' holds none of the {len(listed):,} listed videos of {title}"
    keys = {key for video in listed.values() for key in _keys(preparation, video)}
    for found in scan.found:
        above, _, below = found.stem.partition('/')
        if below and preparation.key(below) in keys:
            return f'{start}, but its folder {above} does: use {option} {folder / above}'
        if preparation.key(f'{folder.resolve().name}/{found.stem}') in keys:
            return f'{start}, but the folder above does: use {option} {folder.parent}'
    if scan.archives:
        return f'{start}: unpack {list_names(scan.archives)} first.'
    there = (
        f"it has {len(scan.found):,}, such as '{scan.found[0].path}'"
        if scan.found
        else 'it has none'
    )
    return f"{start}, such as '{example}' ({there}): correct {option}."


def _empty_folders(result: Match, scan: Scan) -> list[str]:
    """Sentences on class folders without any of their videos, and on archives."""
    missing: dict[str, int] = {}
    for path in result.missing:
        above, _, _ = path.rpartition('/')
        if above:
            missing[above] = missing.get(above, 0) + 1
    there = {path.rpartition('/')[0] for path in result.found}
    hints = []
    for above, count in sorted(missing.items()):
        if above in there:
            continue
        packed = [name for name in scan.archives if _stem(name).casefold() == above.casefold()]
        action = f'unpack {packed[0]} first' if packed else 'is its archive unpacked completely?'
        hints.append(f"The folder '{above}' holds none of its {count} listed videos: {action}")
    if result.missing and scan.archives and not any('unpack ' in hint for hint in hints):
        hints.append(f'Not unpacked yet? {list_names(scan.archives)} in {result.folder}')
    return hints


def _stem(name: str) -> str:
    return PurePosixPath(name).name.split('.')[0]
