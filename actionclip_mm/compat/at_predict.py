"""Fixes that reading weights and videos needs; :mod:`at_run` adds those of training and testing.

Importing this module applies them, without importing mmengine's runners and mmaction2's metrics.
"""

import importlib
import warnings
from collections.abc import Callable, Iterable

from . import at_import, checkpoints
from .files import escape_dumped_configs, write_files_atomically
from .fixes import SWITCH, Fix, is_switched_off
from .numpy_2 import shift_hue_without_overflow
from .training import cast_attention_masks

FIXES = (
    checkpoints.force_weights_only,
    checkpoints.refuse_nan_weights,
    escape_dumped_configs,
    write_files_atomically,
    cast_attention_masks,
    shift_hue_without_overflow,
)
# Fixes that need more than compat: module of actionclip_mm and name of the Fix.
OWNED_ABOVE = (
    ('datasets.transforms.host_decoders', 'limit_time_of_host_decoders'),
    ('datasets.transforms.image_budget', 'limit_size_of_images'),
)


def owned_above(places: tuple[tuple[str, str], ...]) -> tuple[Fix, ...]:
    """Fixes by module of this package and name."""
    package = __package__.rpartition('.')[0]
    return tuple(
        getattr(importlib.import_module(f'{package}.{module}'), name) for module, name in places
    )


def apply_all(fixes: Callable[[], Iterable[Fix]]) -> None:
    """Apply fixes after those of the import, unless they are switched off.

    Args:
        fixes: Gives them; called only if they are applied, since it imports their modules.
    """
    if is_switched_off():
        warnings.warn(
            f'{SWITCH}=off: no breakage of the host packages is fixed, and loading a checkpoint '
            'with mmengine may run code in it.',
            stacklevel=3,
        )
        return
    at_import.apply()  # some fixes import mmaction.models
    for each in fixes():
        each()


def apply() -> None:
    """Apply the fixes; further calls do nothing."""
    apply_all(lambda: (*FIXES, *owned_above(OWNED_ABOVE)))


apply()
