"""Everything before the training: read, check and split the videos, write and try the config."""

import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from ..utils import list_names, read_config, write_json
from ..utils.carried_files import carried
from ..utils.devices import best_device
from .collection import Clip, Collection, check_counts, read_collection
from .models import input_of, model_config, towers_of
from .recipe import choose_recipe, pipelines
from .run_folder import CONFIG, WORK_DIR, write_config, write_lists
from .settings import CHECK, TRIAL, UNREADABLE, Settings
from .splitting import Grouping, split_clips
from .summary import class_table, estimated_seconds, recipe_text, trial_text

SHOWN = 10  # unreadable videos
GPU_BATCH, CPU_BATCH = 16, 8


def prepare(settings: Settings) -> None:
    """Read, split and check the videos, write the run folder, and try its config."""
    collection = read_collection(settings.source)
    out = settings.out
    apply_package()
    towers = towers_of(settings.arch, settings.pretrained, settings.templates)
    size, resizing = input_of(towers)
    out.mkdir(parents=True, exist_ok=True)
    workers = settings.workers or max(1, min(8, (os.cpu_count() or 2) // 2))
    collection = _without_unreadable(collection, settings, workers)
    splits, grouping = assign_splits(collection, settings.val_ratio, settings.seed)
    for note in [*collection.notes, *_split_notes(settings, splits, grouping)]:
        print(f'note: {note}')
    print(f'\n{class_table(collection.names, splits)}\n')
    counts = collection_counts(splits['train'])
    recipe = choose_recipe(
        counts,
        list(collection.names),
        settings.small,
        settings.batch_size or (GPU_BATCH if best_device().type == 'cuda' else CPU_BATCH),
        settings.epochs,
        settings.lr or towers.lr,
    )
    text = recipe_text(recipe, len(splits['train']), settings.small is not None)
    print(f'model         {towers.name}, {settings.neck}, {settings.frames} frames\n{text}')
    ids = {label: index for index, label in enumerate(collection.names.values())}
    labels = write_lists(out, list(collection.names), ids, splits)
    command = ['actionclip', 'train', str(out.resolve() / CONFIG)]
    command += ['--work-dir', str(out.resolve() / WORK_DIR)]
    command += ['--cfg-options', *settings.cfg_options] if settings.cfg_options else []
    write_config(
        out,
        model_config(towers, recipe, settings.neck),
        pipelines(base_pipeline(), recipe, settings.frames, size, resizing),
        recipe,
        videos=collection.root.resolve(),
        labels=labels,
        workers=workers,
        seed=settings.seed,
        classes=len(collection.names),
        has_test='test' in splits,
        command=shlex.join(command),
        facts=text.splitlines(),
    )
    facts = _try(settings)
    seconds = estimated_seconds(facts, recipe, len(splits['train']), len(splits['val']), workers)
    write_json(
        out / TRIAL, facts | dict(epochs=recipe.epochs, seconds=seconds, tested=_tested(splits))
    )
    print(f'\n{trial_text(facts, seconds)}', flush=True)


def assign_splits(
    collection: Collection, val_ratio: float, seed: int
) -> tuple[dict[str, list[Clip]], Grouping | None]:
    """Clips of 'train', 'val' and perhaps 'test'; what the source does not split is drawn.

    Returns:
        Split -> clips, and what was kept together, None if the source has a validation split.
    """
    given = {
        split: [clip for clip in collection.clips if clip.split == split]
        for split in ('train', 'val', 'test')
    }
    if given['val']:
        return {split: clips for split, clips in given.items() if clips}, None
    pool = given['train'] or collection.clips
    train, val, grouping = split_clips(pool, val_ratio, seed)
    splits = dict(train=train, val=val)
    return (splits | dict(test=given['test']) if given['test'] else splits), grouping


def collection_counts(clips: Sequence[Clip]) -> list[int]:
    """Clips of each class that has any."""
    counts: dict[str, int] = {}
    for clip in clips:
        counts[clip.label] = counts.get(clip.label, 0) + 1
    return list(counts.values())


def _without_unreadable(collection: Collection, settings: Settings, workers: int) -> Collection:
    from ..preparation.decode_check import check_decoding

    paths = {collection.root / clip.path: clip.path for clip in collection.clips}
    readings = check_decoding(paths, settings.out / CHECK, workers)
    bad = {paths[path]: found.error for path, found in readings.items() if found.error}
    damaged = [paths[path] for path, found in readings.items() if found.damage]
    for path, error in list(bad.items())[:SHOWN]:
        print(f'unreadable: {path}: {error}')
    if damaged:
        note = f'{len(damaged)} videos are readable in part: {list_names(damaged, 3)}.'
        collection = replace(collection, notes=[*collection.notes, note])
    if not bad:
        return collection
    write_json(settings.out / UNREADABLE, bad)
    if len(bad) == len(paths):
        path, error = next(iter(bad.items()))
        raise ValueError(f"None of the {len(bad)} videos can be read, such as '{path}': {error}.")
    note = f'{len(bad)} of {len(paths)} videos cannot be read and are not used '
    collection = collection.without(set(bad), f'{note}({settings.out / "unreadable.json"}).')
    gone = set(collection.names.values()) - set(collection.counts())
    if gone:
        raise ValueError(
            f'No video of {list_names(sorted(gone))} can be read: replace the videos, or remove '
            'the class.'
        )
    check_counts(collection, settings.source)
    return collection


def _split_notes(
    settings: Settings, splits: dict[str, list[Clip]], grouping: Grouping | None
) -> list[str]:
    notes = []
    if grouping is None:
        notes.append('The splits are those of the source.')
        validated = {clip.label for clip in splits['val']}
        missing = sorted({clip.label for clip in splits['train']} - validated)
        if missing:
            notes.append(f'Classes without a validation clip: {list_names(missing)}.')
        return notes
    notes.append(
        f'{settings.val_ratio:.0%} of each class are drawn for validation (seed {settings.seed}).'
    )
    if grouping.sources:
        notes.append(
            f'{grouping.clips} clips of {grouping.sources} recordings, by their names, are kept '
            'together in training or validation.'
        )
    if grouping.torn:
        notes.append(
            f'All clips of {list_names(grouping.torn)} are of one recording, by their names: '
            'their validation accuracy will be too good.'
        )
    return notes


def base_pipeline() -> list[dict[str, Any]]:
    """Training pipeline of the released recipe."""
    config = read_config(carried('configs/_base_/datasets/clip_video.py'))
    return config.to_dict()['train_pipeline']


def apply_package() -> None:
    """Register the components, and apply what a run needs."""
    from .. import register_all

    register_all()
    import_module('actionclip_mm.compat.at_run')


def _try(settings: Settings) -> dict[str, Any]:
    from .processes import run_trial

    print('trial         a few steps, validation batches and a checkpoint …', flush=True)
    return run_trial(
        settings.out.resolve() / CONFIG, settings.out.resolve() / TRIAL, settings.cfg_options
    )


def _tested(splits: dict[str, list[Clip]]) -> str:
    return 'test' if 'test' in splits else 'val'
