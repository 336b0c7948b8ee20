"""Checkpoints under torch's ``weights_only`` check: ours load, code is refused."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.runner import checkpoint as mmengine_checkpoint
from mmengine.runner import load_checkpoint
from torch import nn

from actionclip_mm.compat import checkpoints
from actionclip_mm.utils import UserError

OLD_TORCH = tuple(map(int, torch.__version__.split('.')[:2])) < (2, 6)


class CodeRunner:
    """A pickle of it creates a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


class GetAttr:
    """A pickle of it asks ``getattr`` for more than HistoryBuffer's statistics."""

    def __init__(self, owner: object, name: str) -> None:
        self.args = owner, name

    def __reduce__(self) -> tuple:
        return getattr, self.args


class TestCheckpoints:
    """Every supported torch loads with the ``weights_only`` check on."""

    @pytest.fixture
    def checkpoint(self) -> dict:
        """What mmengine's CheckpointHook writes besides the weights."""
        hub = MessageHub('test')
        for value in (0.5, 0.25):
            hub.update_scalar('train/loss', value)
        hub.update_info('best_score', np.float32(0.5))
        hub.update_info('epochs', np.int64(3))
        hub.update_info('order', np.arange(4))
        hub.update_info('seen', np.array([True, False]))
        weights = nn.Linear(2, 2).state_dict()
        return dict(state_dict=weights, message_hub=hub.state_dict(), meta=dict(epoch=1))

    @pytest.mark.skipif(OLD_TORCH, reason='torch before 2.6 loads it, and all else that it names')
    def test_torch_alone_refuses_what_mmengine_writes(
        self, checkpoint: dict, tmp_path: Path
    ) -> None:
        torch.save(checkpoint, tmp_path / 'epoch_1.pth')
        allowed = torch.serialization.get_safe_globals()
        torch.serialization.clear_safe_globals()
        try:
            with pytest.raises(pickle.UnpicklingError, match='HistoryBuffer'):
                torch.load(tmp_path / 'epoch_1.pth')
        finally:
            torch.serialization.add_safe_globals(allowed)

    def test_what_mmengine_writes_comes_back(self, checkpoint: dict, tmp_path: Path) -> None:
        torch.save(checkpoint, tmp_path / 'epoch_1.pth')
        loaded = mmengine_checkpoint.CheckpointLoader.load_checkpoint(
            str(tmp_path / 'epoch_1.pth'), 'cpu'
        )
        history = loaded['message_hub']['log_scalars']['train/loss']
        assert isinstance(history, HistoryBuffer)
        assert history.statistics('mean') == pytest.approx(0.375)
        info = loaded['message_hub']['runtime_info']
        assert info['best_score'] == np.float32(0.5)
        assert info['order'].tolist() == [0, 1, 2, 3]
        model = nn.Linear(2, 2)
        load_checkpoint(model, str(tmp_path / 'epoch_1.pth'), strict=True)
        torch.testing.assert_close(model.weight.data, checkpoint['state_dict']['weight'])

    def test_files_of_either_numpy_load(self) -> None:
        names = {name for _, name in map(checkpoints._named, checkpoints._log_history())}
        for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
            assert {f'{module}._reconstruct', f'{module}.scalar'} <= names

    def test_a_pickle_that_would_run_code_is_refused(
        self, checkpoint: dict, tmp_path: Path
    ) -> None:
        path = tmp_path / 'evil.pth'
        torch.save({**checkpoint, 'meta': CodeRunner(tmp_path / 'ran')}, path)
        with pytest.raises(pickle.UnpicklingError) as error:
            load_checkpoint(nn.Linear(2, 2), str(path))
        assert not (tmp_path / 'ran').exists()
        message = str(error.value)
        assert str(path) in message
        assert 'mkdir' in message
        assert '\n' not in message
        assert 'weights_only' not in message  # torch's advice to switch the check off

    @pytest.mark.parametrize(
        ('owner', 'name'),
        [
            (HistoryBuffer, '__init__'),
            (HistoryBuffer, 'register_statistics'),
            (np.ndarray, 'tofile'),
        ],
    )
    def test_getattr_answers_for_history_statistics_only(
        self, owner: object, name: str, tmp_path: Path
    ) -> None:
        path = tmp_path / 'getattr.pth'
        torch.save(GetAttr(owner, name), path)
        with pytest.raises(pickle.UnpicklingError, match='getattr'):
            mmengine_checkpoint.load_from_local(str(path), 'cpu')

    def test_files_that_are_no_checkpoints(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match='nothing.pth'):
            mmengine_checkpoint.load_from_local(str(tmp_path / 'nothing.pth'), 'cpu')
        (tmp_path / 'text.pth').write_text('not a checkpoint')
        with pytest.raises(pickle.UnpicklingError, match=r'text.pth .*not a checkpoint') as error:
            mmengine_checkpoint.load_from_local(str(tmp_path / 'text.pth'), 'cpu')
        assert '\n' not in str(error.value)
        (tmp_path / 'bytes.pth').write_bytes(b'hello' * 100)  # read as commands: KeyError
        with pytest.raises(
            pickle.UnpicklingError, match=r'bytes.pth .*checkpoint \((KeyError|Memo)'
        ):
            mmengine_checkpoint.load_from_local(str(tmp_path / 'bytes.pth'), 'cpu')

    def test_an_address_that_cannot_be_reached(self, tmp_path: Path) -> None:
        address = 'http://127.0.0.1:9/weights.pth'  # nothing listens there
        with pytest.raises(ConnectionError, match=rf"'{address}' cannot be downloaded") as error:
            load_checkpoint(nn.Linear(2, 2), address)
        assert '\n' not in str(error.value) and isinstance(error.value, UserError)

    def test_a_download_that_was_cut_short(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """torch.hub compares the hash in a file's name."""
        torch.save(dict(state_dict={}), tmp_path / 'model-12345678.pth')
        monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
        address = (tmp_path / 'model-12345678.pth').as_uri()
        with pytest.raises(ConnectionError, match='cannot be downloaded .*hash'):
            mmengine_checkpoint.load_url(address, progress=False, check_hash=True)

    def test_downloads_are_checked_as_well(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """torch.hub's own default would run the pickle of a file that it fetched."""
        torch.save(CodeRunner(tmp_path / 'ran'), tmp_path / 'model.pth')
        monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
        with pytest.raises(pickle.UnpicklingError, match='mkdir'):
            mmengine_checkpoint.load_url((tmp_path / 'model.pth').as_uri(), progress=False)
        assert not (tmp_path / 'ran').exists()

    def test_the_list_is_exact(self) -> None:
        """Whoever lengthens it must say so here."""
        allowed = {name for _, name in map(checkpoints._named, checkpoints._log_history())}
        assert allowed == {
            'mmengine.logging.history_buffer.HistoryBuffer',
            'numpy.dtype',
            'numpy.ndarray',
            'numpy.core.multiarray._reconstruct',
            'numpy.core.multiarray.scalar',
            'numpy.core.numeric._frombuffer',
            'numpy._core.multiarray._reconstruct',
            'numpy._core.multiarray.scalar',
            'numpy._core.numeric._frombuffer',
            'builtins.getattr',
        }
        assert checkpoints._history_statistic(HistoryBuffer, 'mean') is HistoryBuffer.mean
