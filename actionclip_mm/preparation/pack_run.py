"""Pack the videos of a list: in parallel, resumable, with a new list and a report."""

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..utils import name_errors, read_json_object, write_json
from ..utils.annotation_lists import Line, format_line
from .decode_check import end_line, identity, read_each
from .packing import Packed, Settings, check_encoder, pack_video, packed_names
from .writing import write_texts

SETTINGS, DONE = 'packing.json', 'packed.jsonl'
CRASHED = Packed(error='the decoder crashed')


def check_settings(out: Path, settings: Settings) -> None:
    """Write how the videos of a folder are packed, or refuse a folder packed in another way.

    Raises:
        ValueError: Its videos were packed with other settings.
    """
    path = out / SETTINGS
    now = settings._asdict()
    if path.is_file():
        old = read_json_object(path, 'the settings of actionclip pack')
        if old != now:
            changed = [f'{name} {old.get(name)}' for name in now if old.get(name) != now[name]]
            raise ValueError(
                f"'{out}' was packed with {', '.join(changed)}: give another folder, or the same "
                'settings.'
            )
        return
    write_json(path, now)


def pack_list(
    lines: list[Line],
    prefix: Path,
    out: Path,
    name: str,
    settings: Settings,
    workers: int,
    drop_unreadable: bool = False,
    overwrite: bool = False,
) -> dict[str, Packed]:
    """Pack the videos of a list that are not packed yet, and write the new list and a report.

    Args:
        lines: The list.
        prefix: Folder of its paths.
        out: Folder of the new list; videos go to a folder in it that is named as ``prefix``.
        name: File name of the new list.
        settings: How videos are encoded.
        workers: Processes, one video each.
        drop_unreadable: Whether unreadable videos are omitted from the new list. Their lines are
            kept by default, so that a test still counts them.
        overwrite: Whether to replace a list that differs.

    Returns:
        Path of the old list -> what became of the video.
    """
    check_encoder()
    check_settings(out, settings)
    names = packed_names(list(dict.fromkeys(line.path for line in lines)))
    folder = out / prefix.resolve().name
    if folder.resolve() == prefix.resolve():
        raise ValueError(f"'{out}' would overwrite the videos in '{prefix}': give another folder.")
    results = _pack_all({prefix / path: folder / new for path, new in names.items()}, out, settings,
                        workers)  # fmt: skip
    packed = {path: results[prefix / path] for path in names}
    kept = [line for line in lines if not (drop_unreadable and packed[line.path].error)]
    rows = (format_line(names[line.path], *line.numbers) for line in kept)
    write_texts({out / name: ''.join(f'{row}\n' for row in rows)}, overwrite)
    write_json(out / f'{Path(name).stem}_report.json', report(packed, settings))
    return packed


def report(packed: dict[str, Packed], settings: Settings) -> dict[str, Any]:
    """Numbers of videos, frames and bytes, PSNR, and what is wrong with single videos."""
    good = [result for result in packed.values() if result.error is None]
    ratios = sorted(result.psnr for result in good)
    middle = len(ratios) // 2
    psnr = dict(lowest=ratios[0], median=ratios[middle], highest=ratios[-1]) if ratios else {}
    return dict(
        settings=settings._asdict(),
        videos=len(packed),
        packed=len(good),
        frames=sum(result.frames for result in good),
        bytes_before=sum(result.before for result in good),
        bytes_after=sum(result.after for result in good),
        psnr_luma_db=psnr,
        unreadable={path: result.error for path, result in packed.items() if result.error},
        damaged={path: result.damage for path, result in packed.items() if result.damage},
    )


def _pack_all(
    targets: dict[Path, Path], out: Path, settings: Settings, workers: int
) -> dict[Path, Packed]:
    """Results of all videos, of earlier runs where neither source nor copy has changed."""
    known = _read_done(out / DONE)
    found: dict[Path, Packed] = {}
    todo = []
    for source, target in targets.items():
        try:
            key = (*identity(source), str(target))
        except OSError as error:
            found[source] = Packed(error=error.strerror or str(error))
            continue
        if key in known and target.is_file() and target.stat().st_size == known[key].after:
            found[source] = known[key]
        else:
            todo.append(source)
    if len(todo) < len(targets):
        print(f'{len(found):,} of {len(targets):,} videos are packed already or missing')
    pack = functools.partial(_pack_one, targets={str(s): str(t) for s, t in targets.items()},
                             settings=settings)  # fmt: skip
    results: Iterable[tuple[Path, Packed]] = read_each(todo, workers, pack, CRASHED)
    end_line(out / DONE)
    with open(out / DONE, 'a', encoding='utf-8') as rows:
        for source, result in tqdm(
            results, total=len(todo), desc='pack', unit=' videos', mininterval=0.5
        ):
            found[source] = result
            if result.error is None:
                row = dict(source=identity(source), target=str(targets[source]))
                with name_errors(out / DONE):
                    rows.write(json.dumps(row | result._asdict()) + '\n')
                    rows.flush()
    return found


def _pack_one(path: str, targets: dict[str, str], settings: Settings) -> Packed:
    return pack_video(path, targets[path], settings)


def _read_done(path: Path) -> dict[tuple[str, int, int, str], Packed]:
    done = {}
    if path.is_file():
        for line in path.read_text(encoding='utf-8').splitlines():
            try:
                row = json.loads(line)
                (source, size, mtime), target = row.pop('source'), row.pop('target')
                done[source, size, mtime, target] = Packed(**row)
            except (ValueError, KeyError, TypeError):
                continue  # cut by an interruption: that video is packed again
    return done
