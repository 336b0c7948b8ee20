"""Version window of the host packages: what may stand below this plugin."""

from contextlib import nullcontext
from importlib import import_module

from .compat.at_import import mmcv_within_the_gate

# package -> (lowest allowed, first refused, what to install)
WINDOWS = {
    'mmcv': (
        '2.0.0rc4',
        '2.4.0',
        '"mmcv-lite>=2.0.0rc4,<2.2.0" (or the full mmcv of that range, or onedl-mmcv 2.3)',
    ),
    'mmengine': ('0.10.5', '1.0.0', '"mmengine>=0.10.5,<1" (or onedl-mmengine)'),
    'mmaction': ('1.2.0', '1.3.0', '"mmaction2>=1.2,<1.3"'),
}


def check_hosts() -> None:
    """Refuse a stack that cannot work, in one sentence that says what to install.

    Raises:
        ImportError: a host package is missing, or its version is outside of the window.
    """
    _check_torchvision()
    for package, (lowest, refused, install) in WINDOWS.items():
        window = f'>= {lowest} and < {refused}'
        # mmaction asserts its own mmcv window at import, hence the order of WINDOWS
        try:
            with mmcv_within_the_gate() if package == 'mmaction' else nullcontext():
                found = import_module(package).__version__
        except ModuleNotFoundError as error:
            if error.name != package:  # the package is there, something below it is not
                raise
            raise ImportError(
                f'actionclip_mm needs {package} {window}, and none is installed: '
                f'pip install {install}'
            ) from None
        check_version(package, found, lowest, refused, install)


def check_version(package: str, found: str, lowest: str, refused: str, install: str) -> None:
    """Raise ImportError unless ``lowest <= found < refused``."""
    from mmengine.utils import digit_version

    if not digit_version(lowest) <= digit_version(found) < digit_version(refused):
        raise ImportError(
            f'actionclip_mm needs {package} >= {lowest} and < {refused}, but {found} is '
            f'installed: pip install {install}'
        )


def _check_torchvision() -> None:
    """Name the cause when torch and torchvision come from different builds."""
    import torch

    try:
        import_module('torchvision')
    except RuntimeError as error:
        if 'torchvision::' not in str(error):
            raise
        raise ImportError(
            f'torchvision was built for another torch than {torch.__version__} ({error}): '
            'install torch and torchvision together, from the same package index'
        ) from None
