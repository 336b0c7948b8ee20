"""Fixtures: the mini CLIP behind the page's own code, and uploads."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actionclip_mm import ActionCLIPInferencer
from actionclip_mm.serving import Uploads
from actionclip_mm.utils.carried_files import carried

SAMPLES = carried('data/mini_clip/samples')


@pytest.fixture(scope='session')
def mini() -> ActionCLIPInferencer:
    """Zero-shot with the mini CLIP."""
    return ActionCLIPInferencer('mini')


@pytest.fixture
def inferencer(mini: ActionCLIPInferencer, monkeypatch: pytest.MonkeyPatch) -> ActionCLIPInferencer:
    """The mini CLIP; its reader, which the page replaces, is put back after the test."""
    monkeypatch.setattr(mini, 'read', mini.read)
    return mini


@pytest.fixture
def uploads() -> Iterator[Uploads]:
    """An empty folder, with the sample clips next to it."""
    folders = Uploads(SAMPLES)
    yield folders
    folders.close()


@pytest.fixture
def upload(uploads: Uploads) -> Callable[[Path], str]:
    """Function that puts a file where Gradio puts uploads."""

    def put(file: Path) -> str:
        target = Path(uploads.folder, 'a1b2c3', file.name)
        target.parent.mkdir(exist_ok=True)
        return str(shutil.copyfile(file, target))

    return put
