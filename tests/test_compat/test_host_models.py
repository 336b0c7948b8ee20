"""``import mmaction.models`` beside a missing folder and a new transformers."""

import importlib.util
import sys
import types
from pathlib import Path

import pytest

from actionclip_mm import compat
from actionclip_mm.compat import (
    host_models,
)


class TestMissingDRN:
    """mmaction2 1.2.0 is published without ``localizers/drn``."""

    name = 'mmaction.models.localizers.drn'

    @pytest.fixture
    def localizers(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        for name in (self.name, f'{self.name}.drn'):
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.setattr(host_models, 'host_folder', lambda *parts: tmp_path)
        return tmp_path

    def test_stub_stands_in_and_says_what_is_missing(
        self, localizers: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        compat.missing_drn()
        module = sys.modules[f'{self.name}.drn']
        monkeypatch.delitem(sys.modules, self.name)
        monkeypatch.delitem(sys.modules, f'{self.name}.drn')
        with pytest.raises(ImportError, match='lacks the localizer DRN'):
            module.DRN()

    def test_leaves_a_complete_host_alone(self, localizers: Path) -> None:
        (localizers / 'drn').mkdir()
        compat.missing_drn()
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
        self, dependency: types.ModuleType, transformers: types.ModuleType
    ) -> None:
        with pytest.warns(ImportWarning, match='VindLU is not available'):
            compat.vindlu_beside_new_transformers()
        assert dependency.WITH_MULTIMODAL is False

    def test_a_fitting_transformers_leaves_it_on(
        self,
        dependency: types.ModuleType,
        transformers: types.ModuleType,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        (tmp_path / 'vindlu.py').write_text('from transformers import BertTokenizer\n')
        transformers.BertTokenizer = object
        monkeypatch.setattr(host_models, 'host_folder', lambda *parts: tmp_path)
        compat.vindlu_beside_new_transformers()
        assert dependency.WITH_MULTIMODAL is True
        del transformers.BertTokenizer
        with pytest.warns(ImportWarning, match=r'lacks transformers\.BertTokenizer'):
            compat.vindlu_beside_new_transformers()
        assert dependency.WITH_MULTIMODAL is False

    def test_errors_of_another_kind_are_not_hidden(
        self,
        dependency: types.ModuleType,
        transformers: types.ModuleType,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        (tmp_path / 'vindlu.py').write_text('from transformers import BertTokenizer\n')

        def broken(name: str) -> object:
            raise MemoryError

        transformers.__getattr__ = broken
        monkeypatch.setattr(host_models, 'host_folder', lambda *parts: tmp_path)
        with pytest.raises(MemoryError):
            compat.vindlu_beside_new_transformers()
