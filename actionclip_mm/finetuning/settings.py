"""What a user may choose, and what a run folder remembers of it."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..utils import read_json_object
from .run_folder import CONFIG, WORK_DIR

STATE, TRIAL, CHECK = 'finetune.json', 'trial.json', 'decode_check.jsonl'
UNREADABLE = 'unreadable.json'


@dataclass(frozen=True)
class Settings:
    """What a user may choose; None is decided by the data or the machine.

    Attributes:
        source: Folder of class folders, or a table.
        out: The run folder.
        arch, pretrained, templates: The CLIP and its sentences, see :func:`towers_of`.
        neck: Name in :data:`NECKS`.
        frames: T, frames per clip.
        epochs, batch_size, lr: Of the training.
        small: Whether the recipe for small data is taken.
        val_ratio: Share of each class for validation, if the source has no splits.
        seed: Of the split and of the training.
        device: 'auto', 'cpu', 'cuda' or 'cuda:N'.
        workers: Processes that decode.
        cfg_options: ``KEY=VALUE`` for the config, as in ``actionclip train``.
    """

    source: Path
    out: Path
    arch: str = 'ViT-B-16'
    pretrained: str | None = None
    templates: str | None = None
    neck: str = 'transf'
    frames: int = 8
    epochs: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    small: bool | None = None
    val_ratio: float = 0.2
    seed: int = 0
    device: str = 'auto'
    workers: int | None = None
    cfg_options: tuple[str, ...] = ()


def state_of(settings: Settings) -> dict[str, Any]:
    """The settings, as JSON."""
    values = asdict(settings) | dict(source=str(settings.source.resolve()))
    values.pop('out')
    return values | dict(cfg_options=list(settings.cfg_options))


def is_prepared(out: Path, state: dict[str, Any]) -> bool:
    """Whether a run folder is complete for these settings.

    Raises:
        ValueError: It is of other settings.
    """
    if not (out / STATE).is_file():
        return False
    before = read_json_object(out / STATE, 'the state of a fine-tuning')
    changed = [key for key, value in state.items() if before.get(key) != value]
    changed = [key for key in changed if key not in ('device', 'source')]
    if changed:
        options = ', '.join(f'{key} was {before.get(key)}' for key in changed)
        raise ValueError(
            f"'{out}' was started with other options ({options}): give the same ones with "
            '--resume, or another --out.'
        )
    return True


def refuse_used(out: Path, resume: bool) -> None:
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"'{out}' is not a folder: give another --out.")
    if not resume and any((out / WORK_DIR).glob('*.pth')):
        raise FileExistsError(
            f"'{out}' holds a trained model: give --resume to go on, or another --out."
        )
    if not (out / STATE).is_file() and out.is_dir() and any(out.iterdir()):
        known = (CHECK, TRIAL, CONFIG, UNREADABLE)
        if not any((out / name).exists() for name in known):
            raise FileExistsError(f"'{out}' holds other files: give an empty or new --out.")


def choose_device(device: str) -> None:
    """Let this process and its children see the wanted device only."""
    if device == 'cpu':
        os.environ['CUDA_VISIBLE_DEVICES'] = ''
    elif device.startswith('cuda:'):
        number = int(device.partition(':')[2])
        visible = os.environ.get('CUDA_VISIBLE_DEVICES', '').split(',')
        os.environ['CUDA_VISIBLE_DEVICES'] = (
            visible[number] if number < len(visible) and visible[0] else str(number)
        )
