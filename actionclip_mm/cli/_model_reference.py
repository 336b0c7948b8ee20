"""How a model was opened, kept next to its features so that search can open it again."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..utils import read_json_object, write_json

if TYPE_CHECKING:
    from ..apis import ActionCLIPInferencer

FILE = 'model.json'
NAMES = ('arch', 'pretrained', 'num_frames', 'num_clips', 'config', 'checkpoint', 'precision')
PLACES = ('arch', 'pretrained', 'config', 'checkpoint')  # may be paths


def is_given(args: argparse.Namespace) -> bool:
    """Whether the command line chooses a model."""
    return any(getattr(args, name) for name in NAMES if name != 'precision')


def write_reference(folder: Path, args: argparse.Namespace) -> None:
    """Write which model a command line chooses; an existing file stays."""
    path = folder / FILE
    if not path.exists():
        reference = {name: getattr(args, name) for name in NAMES}
        for name in PLACES:
            reference[name] = _absolute(reference[name])
        write_json(path, reference)


def read_reference(folder: Path) -> dict[str, Any]:
    """The options of the model of a folder of features.

    Raises:
        FileNotFoundError: The file is missing.
    """
    path = folder / FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"'{path}' does not exist, so the model is unknown: give --arch or --checkpoint."
        )
    content = read_json_object(path, 'a description of a model')
    return {name: content.get(name) for name in NAMES}


def open_model(args: argparse.Namespace, **options: Any) -> 'ActionCLIPInferencer':
    """Build the model that a command line chooses, without labels."""
    from .predict import build

    none = dict(labels=None, labels_file=None, templates=None, random_weights=False)
    return build(argparse.Namespace(**(vars(args) | options | none)))


def _absolute(value: Any) -> Any:
    """An option with its path made absolute, if it is one."""
    if not isinstance(value, str):
        return value
    prefix, place = 'local-dir:', value.removeprefix('local-dir:')
    if os.path.exists(place):
        place = os.path.abspath(place)
        return prefix + place if value.startswith(prefix) else place
    return value
