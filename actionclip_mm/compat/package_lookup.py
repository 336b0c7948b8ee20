"""Package lookup of mmengine: without ``pkg_resources``, and including this package."""

import importlib
import importlib.metadata
import importlib.util
import os.path as osp
from typing import Any

from .fixes import fix, replace_function


@fix(lambda: importlib.util.find_spec('pkg_resources') is None)
def find_packages_by_metadata() -> None:
    """mmengine finds packages by ``pkg_resources``, which setuptools >= 81 no longer has.

    ``_base_ = 'mmaction::…'``, ``get_config``, ``get_installed_path`` and ``is_installed`` need it.
    Only mmengine's functions are replaced: other packages would see a stub of ``pkg_resources``.
    """
    package_utils = importlib.import_module('mmengine.utils.package_utils')
    for new in (_is_installed, _get_installed_path, _package2module):
        replace_function(getattr(package_utils, new.__name__.removeprefix('_')), new)


@fix()
def add_own_config_paths() -> None:
    """mmengine resolves config paths of a fixed list of packages, without ``actionclip_mm::``.

    Its configs are in ``actionclip_mm/.mim/configs``. What they name is registered in mmaction2's
    scope, so a config that inherits them gets no ``_scope_='actionclip_mm'``, which does not exist.
    """
    utils = importlib.import_module('mmengine.config.utils')
    utils.MODULE2PACKAGE.setdefault('actionclip_mm', 'actionclip_mm')
    config: Any = importlib.import_module('mmengine.config.config').Config
    theirs = config._get_cfg_path

    def get_cfg_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
        path, scope = theirs(cfg_path, filename)
        return path, None if scope == 'actionclip_mm' else scope

    config._get_cfg_path = staticmethod(get_cfg_path)


@fix()
def find_configs_despite_metafiles() -> None:
    """Two of mmaction2's metafiles name configs without ``.py``, so mmengine does not find them.

    Example: ``_base_ = 'mmaction::recognition/tsm/…-100e_kinetics400-rgb.py'``. Configs that a
    metafile misses are looked up in ``.mim/configs``, like all others.
    """
    config: Any = importlib.import_module('mmengine.config.config')
    theirs = config._get_external_cfg_path

    def get_external_cfg_path(package_path: str, cfg_file: str) -> str:
        try:
            return theirs(package_path, cfg_file)
        except FileNotFoundError as error:
            raise ValueError(str(error)) from error  # mmengine then looks in the folder of configs

    config._get_external_cfg_path = get_external_cfg_path


def _is_installed(package: str) -> bool:
    """Whether a distribution or a regular (not namespace) module of this name is installed."""
    try:
        importlib.metadata.distribution(package)
        return True
    except importlib.metadata.PackageNotFoundError:
        spec = importlib.util.find_spec(package)
        return spec is not None and spec.origin is not None


def _package2module(package: str) -> str:
    """Name of the module that a distribution installs: ``mmaction2`` -> ``mmaction``."""
    names = importlib.metadata.distribution(package).read_text('top_level.txt')
    if not names:
        raise ValueError(f'can not infer the module name of {package}')
    return names.split()[0]


def _get_installed_path(package: str) -> str:
    """Folder of an installed package, given the name of the distribution or of the module."""
    spec = importlib.util.find_spec(package)
    if spec is None:
        spec = importlib.util.find_spec(_package2module(package))
    if spec is None or spec.origin is None:
        raise RuntimeError(
            f'{package} has no folder of its own: it is a namespace package or a broken install'
        )
    return osp.dirname(spec.origin)
