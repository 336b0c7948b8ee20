"""mmaction2's own version gate of 2023, which refuses newer mmcv by its number alone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from .replace import host_folder

MAXIMUM = re.compile(r"^mmcv_maximum_version = '([\w.]+)'", re.MULTILINE)
WITHIN = '2.1.0'


@contextmanager
def mmcv_within_the_gate() -> Iterator[None]:
    """Let ``import mmaction`` pass, though it asserts that mmcv is below 2.2.0.

    onedl-mmcv 2.2 and 2.3 have the same module names and what mmaction2 uses of them. Where the
    gate would refuse, mmcv has a version within it inside the block. The window of this package
    (``hosts.py``) is checked before.
    """
    import mmcv
    from mmengine.utils import digit_version

    try:
        source = (host_folder('mmaction') / '__init__.py').read_text(encoding='utf-8')
    except ImportError:  # not installed
        source = ''
    gate = MAXIMUM.search(source)
    if gate is None or digit_version(mmcv.__version__) < digit_version(gate[1]):
        yield
        return
    found, mmcv.__version__ = mmcv.__version__, WITHIN
    try:
        yield
    finally:
        mmcv.__version__ = found
