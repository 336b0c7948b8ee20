"""Numbered videos of all formats, written once."""

from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = 'tests/test_decoding/numbered_videos.py'


@pytest.fixture(scope='session')
def numbered_folder(tmp_path_factory: pytest.TempPathFactory, run_tool: Callable) -> Path:
    folder = tmp_path_factory.mktemp('numbered')
    run_tool(SCRIPT, folder)
    return folder


@pytest.fixture(scope='session')
def numbered_video(numbered_folder: Path) -> Callable[[str], str]:
    """Function that gives the path of a format; the test is skipped where it cannot be written."""

    def path_of(name: str) -> str:
        path = numbered_folder / name
        if not path.exists():
            pytest.skip(f'no encoder: {(numbered_folder / f"{name}.skipped").read_text()}')
        return str(path)

    return path_of
