"""Checks of ``actionclip doctor``: installed packages, fixes of the hosts, carried files."""

import importlib.metadata
import platform
from collections.abc import Iterator
from importlib import import_module

from ..utils import first_line
from ..utils.carried_files import carried
from ..version import __version__
from ._finding import BROKEN, FIXED, OK, WARNING, Finding

SHARED_FOLDERS = ('mmcv', 'mmengine', 'cv2')  # modules that several distributions install
CARRIED = ('configs', 'tools/train.py', 'model-index.yml', 'data/mini_clip/mini_clip.safetensors')


def check_packages() -> Iterator[Finding]:
    """Versions against the supported windows, and distributions that overwrite each other."""
    yield Finding(OK, f'python {platform.python_version()}, actionclip_mm {__version__}')
    yield from _requirements()
    yield from _overlaps()
    from ..hosts import WINDOWS, check_hosts

    try:
        check_hosts()
    except ImportError as error:
        yield Finding(BROKEN, first_line(error))
    for name, (lowest, refused, _) in WINDOWS.items():
        try:
            version = import_module(name).__version__
        except Exception:  # check_hosts has said why
            continue
        yield Finding(OK, f'{name} {version} (supported: >= {lowest}, < {refused})')


def _requirements() -> Iterator[Finding]:
    from packaging.requirements import Requirement

    try:
        lines = importlib.metadata.requires('actionclip_mm') or []
    except importlib.metadata.PackageNotFoundError:
        advice = 'pip install -e . in the checkout, or pip install the wheel'
        yield Finding(WARNING, 'actionclip_mm is imported but not installed', advice)
        return
    for requirement in map(Requirement, lines):
        if requirement.marker is not None and not requirement.marker.evaluate({'extra': ''}):
            continue
        advice = f"pip install '{requirement}'"
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding(BROKEN, f'{requirement.name} is not installed', advice)
            continue
        if requirement.specifier.contains(version, prereleases=True):
            yield Finding(OK, f'{requirement.name} {version}')
        else:
            wanted = str(requirement.specifier)
            yield Finding(BROKEN, f'{requirement.name} {version} is not {wanted}', advice)


def _overlaps() -> Iterator[Finding]:
    owners = importlib.metadata.packages_distributions()
    for module in SHARED_FOLDERS:
        names = sorted(set(owners.get(module, ())))
        versions = {importlib.metadata.version(name) for name in names}
        listed = ' and '.join(names)
        if len(names) > 1 and (module != 'cv2' or len(versions) > 1):
            advice = f'pip uninstall {" ".join(names)}, then install one of them'
            yield Finding(BROKEN, f'{listed} overwrite each other in {module}/', advice)
        elif len(names) > 1:  # mmcv and mmaction2 require different ones; equal files do no harm
            yield Finding(OK, f'{module} of {listed}, all {versions.pop()}')


def check_fixes() -> Iterator[Finding]:
    """Each known breakage of the hosts, whether it is present and whether it is fixed."""
    from .. import register_all
    from ..compat.fixes import SWITCH, is_switched_off

    register_all()
    from .. import host_tools
    from ..compat import at_import, at_run

    off = is_switched_off()
    for fix in (*at_import.FIXES, *at_run.fixes()):
        text = f'{fix.name}: {fix.description}'
        if not fix.is_present:
            yield Finding(OK, f'{text} (not present in this version)')
        elif fix.is_applied:
            yield Finding(FIXED, text)
        elif off:
            yield Finding(WARNING, f'{text} (not fixed)', f'unset {SWITCH}')
        else:
            yield Finding(BROKEN, f'{text} (not fixed)', 'report the versions above')
    for fix in host_tools.fixes():
        state = 'fixed when its tools run' if fix.is_present else 'not present in this version'
        yield Finding(FIXED if fix.is_present else OK, f'{fix.name}: {fix.description} ({state})')


def check_files() -> Iterator[Finding]:
    """Files that every installation carries."""
    for name in CARRIED:
        try:
            place = carried(name)
        except FileNotFoundError as error:
            yield Finding(BROKEN, str(error), 'pip install --force-reinstall --no-deps')
            continue
        yield Finding(OK, f'{name} ({place})')
    from safetensors import safe_open

    with safe_open(carried(CARRIED[-1]), 'pt') as file:
        yield Finding(OK, f'the mini CLIP has {len(file.keys())} tensors')
