"""A pickle that leaves a mark where its code is run."""

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch


class _Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.mark),)


class _State(torch.nn.Module):
    """Keeps its weights in a way of its own, which TorchScript runs when an archive is loaded."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2))
        self.file: str = file

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x

    @torch.jit.export
    def __getstate__(self) -> tuple[torch.Tensor, str, bool]:
        return self.weight, self.file, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[torch.Tensor, str, bool]) -> None:
        self.file = state[1]
        # what has no result would be left out
        self.weight = state[0] + torch.from_file(self.file, True, 2)
        self.training = state[2]


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """What is there once code of a file was run."""
    return tmp_path / 'mark'


@pytest.fixture(params=['zip', 'legacy', 'pickle', 'script'])
def evil_file(request: pytest.FixtureRequest, tmp_path: Path, mark: Path) -> Callable[[str], Path]:
    """Function: a file of this name with weights and code, in any format that torch reads."""

    def write(name: str) -> Path:
        path = tmp_path / name
        content = dict(state_dict={'a.weight': torch.ones(2)}, meta=_Evil(mark))
        if request.param == 'pickle':
            path.write_bytes(pickle.dumps(content))
        elif request.param == 'script':
            torch.jit.save(torch.jit.script(_State(str(mark))), path)
            assert zipfile.is_zipfile(path)
            mark.unlink(missing_ok=True)  # scripting runs nothing, but who knows
        else:
            zipped = request.param == 'zip'
            torch.save(content, path, _use_new_zipfile_serialization=zipped)
        return path

    return write


@pytest.fixture
def evil_dump(tmp_path: Path, mark: Path) -> Path:
    """A dump of scores with code in it."""
    sample = dict(pred_score=torch.ones(2), gt_label=torch.ones(1, dtype=torch.long))
    path = tmp_path / 'scores.pkl'
    path.write_bytes(pickle.dumps([sample, dict(sample, extra=_Evil(mark))]))
    return path
