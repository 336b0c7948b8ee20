"""The check that torch < 2.6 gets: weights of any format load, all that could run code is refused.

On newer versions the replacement is put in place for the test alone.
"""

import builtins
import inspect
import io
import os
import pickle
import tarfile
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from torch import nn

from actionclip_mm.compat import checkpoints, unpickling


@pytest.fixture(autouse=True)
def old_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch.load as it is on an old version."""
    original = inspect.unwrap(torch.load)
    names = {name: item for item, name in map(checkpoints._named, checkpoints._log_history())}
    monkeypatch.setattr(torch, 'load', unpickling.load_without_code(original, names))


class Call:
    """A pickle of it calls a function."""

    def __init__(self, function: object, *args: object) -> None:
        self.reduced = function, args

    def __reduce__(self) -> tuple:
        return self.reduced


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('protocol', [2, 4])
def test_weights_and_log_history_load(zipped: bool, protocol: int, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).half()
    history = HistoryBuffer([1.0, 2.0], [1, 1])
    content = dict(
        state_dict=model.state_dict(),
        parameter=nn.Parameter(torch.ones(2)),
        views=[(whole := torch.arange(6)), whole[2:4]],
        kinds=[torch.float32, torch.bool, torch.bfloat16, torch.Size([2]), torch.device('cpu')],
        plain=OrderedDict(a=1.5, b=(None, True, {'c'}), c=b'\xff'),
        numbers=[np.float32(0.5), np.int64(3), np.array([True]), np.arange(3)],
        history=history if protocol == 2 else None,  # as torch saves by default
    )
    torch.save(
        content, tmp_path / 'a.pth', pickle_protocol=protocol, _use_new_zipfile_serialization=zipped
    )
    for options in ({}, dict(weights_only=True)):
        loaded = torch.load(tmp_path / 'a.pth', **options)
        torch.testing.assert_close(loaded['state_dict'], content['state_dict'])
        assert loaded['views'][1].data_ptr() == loaded['views'][0][2:].data_ptr()
        assert loaded['kinds'] == content['kinds'] and loaded['plain'] == content['plain']
        assert [n.tolist() for n in loaded['numbers']] == [0.5, 3, [True], [0, 1, 2]]
        assert [n.dtype for n in loaded['numbers']] == [n.dtype for n in content['numbers']]
        assert protocol != 2 or loaded['history'].statistics('mean') == 1.5
        assert isinstance(loaded['parameter'], nn.Parameter)


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('protocol', [0, 2, 4])
@pytest.mark.parametrize(
    'function', [os.mkdir, builtins.eval, getattr, SimpleNamespace, torch.hub.load, os.path.join]
)
def test_any_other_call_is_refused(
    function: object, zipped: bool, protocol: int, tmp_path: Path
) -> None:
    path = tmp_path / 'evil.pth'
    made = tmp_path / 'made'
    argument = f'__import__("os").mkdir({str(made)!r})' if function is eval else str(made)
    tensors = [torch.ones(1)] if protocol else []  # protocol 0 cannot hold any
    content = [*tensors, Call(function, argument, *(['x'] if function is getattr else []))]
    torch.save(content, path, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    for source in (str(path), path, io.BytesIO(path.read_bytes())):
        with pytest.raises(pickle.UnpicklingError, match='Unsupported'):
            torch.load(source)
    assert not made.exists()


def test_attributes_of_classes_and_functions_stay(tmp_path: Path) -> None:
    """A pickle may set the state of objects; a class is shared by all."""
    before = HistoryBuffer.mean
    for name in ('mmengine.logging.history_buffer\nHistoryBuffer', 'torch._utils\n_rebuild_tensor'):
        # protocol 2: the class, a pair of None and {'mean': 1}, BUILD
        evil = b'\x80\x02c' + name.encode() + b'\nN}X\x04\x00\x00\x00meanK\x01s\x86b.'
        (tmp_path / 'evil').write_bytes(evil)
        with pytest.raises(pickle.UnpicklingError, match='Unsupported function'):
            torch.load(tmp_path / 'evil')
    assert HistoryBuffer.mean is before
    assert not hasattr(torch._utils._rebuild_tensor, 'mean')


def test_archives_that_got_round_the_check_are_refused(tmp_path: Path) -> None:
    (tmp_path / 'pickle').write_bytes(pickle.dumps(Call(os.mkdir, str(tmp_path / 'made'))))
    with tarfile.open(tmp_path / 'evil.tar', 'w') as archive:
        archive.add(tmp_path / 'pickle', 'pickle')
    torch.jit.save(torch.jit.script(nn.Linear(1, 1)), tmp_path / 'script.pt')
    for name, kind in (('evil.tar', 'tar'), ('script.pt', 'TorchScript')):
        for options in ({}, dict(weights_only=True)):
            with open(tmp_path / name, 'rb') as file:
                for source in (tmp_path / name, file):
                    with pytest.raises(RuntimeError, match=kind):
                        torch.load(source, **options)
    assert not (tmp_path / 'made').exists()


def test_whoever_asks_for_all_gets_it(tmp_path: Path) -> None:
    torch.save(Call(os.path.join, 'a', 'b'), tmp_path / 'a.pth')
    assert torch.load(tmp_path / 'a.pth', weights_only=False) == os.path.join('a', 'b')
    assert torch.load(tmp_path / 'a.pth', pickle_module=pickle, weights_only=False)
