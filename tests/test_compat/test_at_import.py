"""``import mmaction.models`` with a missing folder, a new transformers and a newer mmcv."""

import importlib.util
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from actionclip_mm.compat import at_import


class TestMissingDRN:
    """mmaction2 1.2.0 is published without ``localizers/drn``."""

    name = 'mmaction.models.localizers.drn'

    @pytest.fixture
    def localizers(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        for name in (self.name, f'{self.name}.drn'):
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.setattr(at_import, 'host_folder', lambda *parts: tmp_path)
        return tmp_path

    def test_stub_stands_in_and_says_what_is_missing(
        self, localizers: Path, monkeypatch: pytest.MonkeyPatch, apply_again: Callable
    ) -> None:
        assert apply_again(at_import.stub_missing_drn)
        module = sys.modules[f'{self.name}.drn']
        monkeypatch.delitem(sys.modules, self.name)
        monkeypatch.delitem(sys.modules, f'{self.name}.drn')
        with pytest.raises(ImportError, match='lacks the localizer DRN'):
            module.DRN()

    def test_leaves_a_complete_host_alone(self, localizers: Path, apply_again: Callable) -> None:
        (localizers / 'drn').mkdir()
        assert not apply_again(at_import.stub_missing_drn)
        assert self.name not in sys.modules


class TestVindLU:
    """VindLU beside a transformers that lacks what it imports."""

    @pytest.fixture
    def dependency(self, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
        module = importlib.import_module('mmaction.utils.dependency')
        monkeypatch.setattr(module, 'WITH_MULTIMODAL', True)
        monkeypatch.delitem(sys.modules, 'mmaction.models', raising=False)
        return module

    @pytest.fixture
    def transformers(self, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
        module = types.ModuleType('transformers')
        monkeypatch.setitem(sys.modules, 'transformers', module)
        return module

    def test_a_new_transformers_switches_it_off(
        self,
        dependency: types.ModuleType,
        transformers: types.ModuleType,
        apply_again: Callable,
    ) -> None:
        with pytest.warns(ImportWarning, match='VindLU is not available'):
            apply_again(at_import.switch_off_vindlu)
        assert dependency.WITH_MULTIMODAL is False

    def test_a_fitting_transformers_leaves_it_on(
        self,
        dependency: types.ModuleType,
        transformers: types.ModuleType,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        apply_again: Callable,
    ) -> None:
        (tmp_path / 'vindlu.py').write_text('from transformers import BertTokenizer\n')
        transformers.BertTokenizer = object
        monkeypatch.setattr(at_import, 'host_folder', lambda *parts: tmp_path)
        apply_again(at_import.switch_off_vindlu)
        assert dependency.WITH_MULTIMODAL is True
        del transformers.BertTokenizer
        with pytest.warns(ImportWarning, match=r'lacks transformers\.BertTokenizer'):
            apply_again(at_import.switch_off_vindlu)
        assert dependency.WITH_MULTIMODAL is False

    def test_errors_of_another_kind_are_not_hidden(
        self,
        dependency: types.ModuleType,
        transformers: types.ModuleType,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        apply_again: Callable,
    ) -> None:
        (tmp_path / 'vindlu.py').write_text('from transformers import BertTokenizer\n')

        def broken(name: str) -> object:
            raise MemoryError

        transformers.__getattr__ = broken
        monkeypatch.setattr(at_import, 'host_folder', lambda *parts: tmp_path)
        with pytest.raises(MemoryError):
            apply_again(at_import.switch_off_vindlu)


SCRIPT = """
import sys, mmcv, mmengine
mmcv.__version__ = sys.argv[1]
import actionclip_mm, mmaction
assert mmcv.__version__ == sys.argv[1]
from mmaction.registry import MODELS
assert 'CLIPRecognizer' in MODELS and 'Recognizer3D' in MODELS
"""


@pytest.mark.parametrize(
    ('version', 'refused'), [('2.3.6', ''), ('2.4.0', 'mmcv >= 2.0.0rc4 and < 2.4.0, but 2.4.0')]
)
def test_the_gate_is_passed_within_the_window(version: str, refused: str) -> None:
    command = [sys.executable, '-W', 'ignore', '-c', SCRIPT, version]
    process = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (process.returncode == 0) == (not refused), process.stderr
    assert refused in process.stderr
