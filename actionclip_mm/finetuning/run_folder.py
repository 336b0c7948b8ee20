"""The run folder: lists, class names and a config that runs from anywhere.

==================  ===========================================================================
``config.py``       inherits ``actionclip_mm::`` configs; ``actionclip train`` and ``test`` read it
``labels.txt``      class names in id order (``labels.json`` if a name would be misread there)
``train.txt`` …     ``path label`` lines, with ``val.txt`` and perhaps ``test.txt``
``train/``          work dir of the training
``best.pth``        relative link to the best checkpoint, with ``last.pth``
==================  ===========================================================================
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..utils import in_docstring, literal, write_json, write_text
from ..utils.annotation_lists import format_line
from ..utils.label_names import read_labels
from .collection import Clip
from .recipe import Recipe

CONFIG, WORK_DIR, BEST, LAST = 'config.py', 'train', 'best.pth', 'last.pth'

CONFIG_TEXT = '''"""{title}

{command}

{facts}
"""

_base_ = [
    'actionclip_mm::_base_/datasets/clip_video.py',
    'actionclip_mm::_base_/schedules/adamw_50e.py',
    'actionclip_mm::_base_/default_runtime.py',
]

root = {root}  # of the lists, wherever this folder is
videos = {videos}  # change it if the videos move
labels = f'{{root}}/{labels}'

model = {model}

train_pipeline = {train}
test_pipeline = {test}

train_dataloader = dict(
    batch_size={batch},
    num_workers={workers},
    drop_last=False,  # batches are nearly equal
    dataset=dict(
        ann_file=f'{{root}}/train.txt',
        data_prefix=dict(video=videos),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size={batch},
    num_workers={workers},
    persistent_workers=False,  # they would keep what training writes over: gigabytes
    dataset=dict(
        ann_file=f'{{root}}/val.txt', data_prefix=dict(video=videos), pipeline=test_pipeline
    ),
)
test_dataloader = {tested}

val_evaluator = dict(
    type='CompleteEvaluator',
    metrics=[dict(type='AccMetric', metric_options=dict(top_k_accuracy=dict(topk={topk})))],
)
test_evaluator = val_evaluator

train_cfg = dict(max_epochs={epochs})
optim_wrapper = dict(optimizer=dict(lr={lr}))
param_scheduler = {schedule}
auto_scale_lr = dict(base_batch_size={batch})
randomness = dict(seed={seed})
default_hooks = dict(
    logger=dict(interval={log}),
    checkpoint=dict(interval={saving}, save_best='acc/top1', max_keep_ckpts=1),
)
'''
TESTED = """dict(
    batch_size={batch},
    num_workers={workers},
    dataset=dict(
        ann_file=f'{{root}}/test.txt', data_prefix=dict(video=videos), pipeline=test_pipeline
    ),
)"""


def write_lists(
    folder: Path, names: Sequence[str], label_ids: dict[str, int], splits: dict[str, list[Clip]]
) -> str:
    """Write class names and annotation lists; returns the name of the label file.

    Args:
        folder: The run folder.
        names: Class names in words, in id order.
        label_ids: Class name as in the clips -> id.
        splits: Clips of 'train', 'val' and perhaps 'test'.
    """
    labels = 'labels.txt'
    write_text(folder / labels, ''.join(f'{name}\n' for name in names))
    if not _reads_back(folder / labels, names):
        (folder / labels).unlink()
        labels = 'labels.json'
        write_json(folder / labels, list(names))
    for split, clips in splits.items():
        lines = [format_line(clip.path, label_ids[clip.label]) for clip in clips]
        write_text(folder / f'{split}.txt', ''.join(f'{line}\n' for line in lines))
    return labels


def _reads_back(path: Path, names: Sequence[str]) -> bool:
    """Whether a label file gives these names: numbers in names may be taken for ids."""
    try:
        return read_labels(str(path)) == tuple(names)
    except ValueError:
        return False


def write_config(
    folder: Path,
    model: dict[str, Any],
    pipelines: tuple[list[dict], list[dict]],
    recipe: Recipe,
    *,
    videos: Path,
    labels: str,
    workers: int,
    seed: int,
    classes: int,
    has_test: bool,
    command: str,
    facts: Sequence[str],
) -> Path:
    """Write ``config.py`` of a run folder.

    Args:
        folder: The run folder.
        model: See :func:`model_config`.
        pipelines: Of training and of tests.
        recipe: Batch, epochs, warm-up, learning rate.
        videos: Folder of the paths in the lists.
        labels: Name of the label file.
        workers: Processes that decode.
        seed: Of the training.
        classes: Number of classes.
        has_test: Whether there is a ``test.txt``; tests read ``val.txt`` otherwise.
        command: That trains with this config.
        facts: Lines for the docstring.
    """
    from ..converters.config_text import as_code

    cosine = dict(type='CosineAnnealingLR', eta_min=0.0, begin=recipe.warmup, end=recipe.epochs)
    cosine |= dict(T_max=recipe.epochs - recipe.warmup, convert_to_iter_based=True)
    warmup = dict(type='LinearLR', start_factor=0.01, end=recipe.warmup, convert_to_iter_based=True)
    schedule = [warmup, cosine] if recipe.warmup else [cosine]
    sizes = dict(batch=recipe.batch_size, workers=workers)
    text = CONFIG_TEXT.format(
        title=in_docstring(f'Fine-tuning on {videos.name}.'),
        command=in_docstring(command),
        facts=in_docstring('\n'.join(facts)),
        root=_root(folder),
        videos=literal(str(videos)),
        labels=labels,
        model=as_code(model),
        train=as_code(pipelines[0]),
        test=as_code(pipelines[1]),
        tested=TESTED.format(**sizes) if has_test else 'val_dataloader',
        topk=(1, 5) if classes > 5 else (1,),
        epochs=recipe.epochs,
        lr=recipe.lr,
        schedule=as_code(schedule),
        seed=seed,
        log=max(1, recipe.steps // 10),
        saving=recipe.save_every,
        **sizes,
    )
    write_text(folder / CONFIG, text)
    return folder / CONFIG


def _root(folder: Path) -> str:
    """Code of the run folder's path: the place of the config, unless its name breaks mmengine."""
    path = str(folder.resolve())
    if any(sign in path for sign in ("'", '\\', '{{', '\n')):
        return literal(path)
    return "'{{ fileDirname }}'"


def link_checkpoints(folder: Path) -> dict[str, Path]:
    """Make relative links to the best and the last checkpoint of a training.

    Of equally good epochs the last one counts as the best: with few validation clips the first
    epochs tie with later ones, which have learned more.

    Returns:
        Name of the link -> the checkpoint.

    Raises:
        FileNotFoundError: There is no checkpoint.
    """
    from ..reporting.run_folder import RunFolder

    work_dir = folder / WORK_DIR
    last = max(work_dir.glob('epoch_*.pth'), key=_epoch, default=None)
    best = max(work_dir.glob('best_*.pth'), key=_epoch, default=last)
    if best is None:
        raise FileNotFoundError(f"'{work_dir}' has no checkpoint: see its log.")
    if last is not None:
        rows = RunFolder(work_dir).log().validation
        scores = {int(row['step']): row['acc/top1'] for row in rows if 'acc/top1' in row}
        if scores.get(_epoch(last), -1.0) >= max(scores.values(), default=0.0):
            best = last
    found = {BEST: best, LAST: last or best}
    for name, target in found.items():
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(target, folder))
    return found


def _epoch(path: Path) -> int:
    digits = path.stem.rpartition('_')[2]
    return int(digits) if digits.isdigit() else -1
