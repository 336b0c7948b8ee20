"""Packages are found without ``pkg_resources``."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.utils import get_installed_path, is_installed, package_utils

from actionclip_mm.compat import package_lookup


class TestPackageLookup:
    """setuptools >= 81 without ``pkg_resources``."""

    def test_host_alone_fails(self) -> None:
        if importlib.util.find_spec('pkg_resources') is not None:
            pytest.skip('this setuptools still has pkg_resources')
        spec = importlib.util.spec_from_file_location('pristine', package_utils.__file__)
        pristine = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(pristine)
        with pytest.raises(ModuleNotFoundError, match='pkg_resources'):
            pristine.is_installed('numpy')

    def test_finds_packages_by_either_name(self) -> None:
        folder = Path(get_installed_path('mmaction')).resolve()  # the environment may be a link
        assert (folder / 'registry.py').is_file()
        assert Path(get_installed_path('mmaction2')).resolve() == folder
        assert is_installed('mmaction2')
        assert is_installed('mmaction')
        assert not is_installed('a_package_that_is_not_there')
        with pytest.raises(importlib.metadata.PackageNotFoundError):
            package_lookup._get_installed_path('a_package_that_is_not_there')

    def test_finds_a_package_on_the_path_that_was_never_installed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / 'loose_package').mkdir()
        (tmp_path / 'loose_package' / '__init__.py').touch()
        (tmp_path / 'namespace_package').mkdir()
        monkeypatch.syspath_prepend(str(tmp_path))
        assert package_lookup._is_installed('loose_package')
        assert package_lookup._get_installed_path('loose_package') == str(
            tmp_path / 'loose_package'
        )
        assert not package_lookup._is_installed('namespace_package')
        with pytest.raises(RuntimeError, match='namespace package'):
            package_lookup._get_installed_path('namespace_package')

    def test_configs_inherit_from_the_host(self, tmp_path: Path) -> None:
        path = tmp_path / 'config.py'
        path.write_text("_base_ = 'mmaction::_base_/default_runtime.py'\nlog_level = 'ERROR'\n")
        config = Config.fromfile(path)
        assert config.default_scope == 'mmaction'
        assert config.log_level == 'ERROR'

    def test_pure_python_configs_inherit_from_a_package(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / 'with_configs' / 'configs').mkdir(parents=True)
        (tmp_path / 'with_configs' / '__init__.py').touch()
        (tmp_path / 'with_configs' / 'configs' / 'base.py').write_text('answer = 42\n')
        monkeypatch.syspath_prepend(str(tmp_path))
        path = tmp_path / 'config.py'
        path.write_text(
            'from mmengine.config import read_base\n'
            'with read_base():\n'
            '    from with_configs.configs.base import *\n'
        )
        assert Config.fromfile(path).answer == 42

    def test_get_config_of_the_host(self) -> None:
        name = 'recognition/tsn/tsn_imagenet-pretrained-r50_8xb32-1x1x3-100e_kinetics400-rgb.py'
        assert get_config(f'mmaction::{name}').model.type == 'Recognizer2D'

    def test_leaves_a_host_with_pkg_resources_alone(
        self, monkeypatch: pytest.MonkeyPatch, apply_again: Callable
    ) -> None:
        def hosts_own() -> None:
            pass

        monkeypatch.setattr(package_utils, 'is_installed', hosts_own)
        monkeypatch.setattr(importlib.util, 'find_spec', lambda name: object())
        assert not apply_again(package_lookup.find_packages_by_metadata)
        assert package_utils.is_installed is hosts_own


def test_configs_that_a_metafile_misspells_are_found(tmp_path: Path) -> None:
    leaf = tmp_path / 'leaf.py'
    name = 'recognition/tsm/tsm_imagenet-pretrained-r50_8xb16-1x1x8-100e_kinetics400-rgb.py'
    leaf.write_text(f"_base_ = 'mmaction::{name}'\n")
    assert Config.fromfile(leaf).train_cfg.max_epochs == 100
    leaf.write_text("_base_ = 'mmaction::recognition/tsm/nowhere.py'\n")
    with pytest.raises(FileNotFoundError, match='nowhere'):
        Config.fromfile(leaf)
