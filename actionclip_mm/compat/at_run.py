"""Fixes that a run needs: importing this module applies them.

``configs/_base_/default_runtime.py`` names it in ``custom_imports``, so that mmaction2's own
``tools/train.py`` gets them; the commands of ``actionclip`` and :mod:`actionclip_mm.apis` import it
themselves. ``ACTIONCLIP_MM_COMPAT=off`` applies none, with a warning.
"""

import importlib
import warnings

from . import at_import, checkpoints
from .checkpoint_files import find_newest_checkpoint, save_requested_epoch, write_files_atomically
from .config_text import escape_dumped_configs
from .data_loaders import fit_options_of_workers, stop_workers_that_cannot_send
from .evaluation import correct_accuracies, dump_with_own_evaluators, refuse_tests_without_videos
from .fixes import SWITCH, Fix, is_switched_off
from .numpy_2 import restore_names_of_numpy_1, shift_hue_without_overflow
from .optimizers import group_layers_of_text_towers
from .resuming import resume_from_intact_checkpoints
from .training import allow_bfloat16_amp_on_cpu, cast_attention_masks, train_distributed_on_cpu

FIXES = (
    checkpoints.force_weights_only,
    checkpoints.refuse_weights_of_nan,
    escape_dumped_configs,
    write_files_atomically,
    find_newest_checkpoint,
    save_requested_epoch,
    resume_from_intact_checkpoints,
    fit_options_of_workers,
    stop_workers_that_cannot_send,
    train_distributed_on_cpu,
    allow_bfloat16_amp_on_cpu,
    cast_attention_masks,
    shift_hue_without_overflow,
    restore_names_of_numpy_1,
    dump_with_own_evaluators,
    refuse_tests_without_videos,
    correct_accuracies,
    group_layers_of_text_towers,
)
# Those that use what stands above compat: module of actionclip_mm, name of its Fix.
OWNED_ABOVE = (
    ('datasets.transforms.host_decoders', 'limit_time_of_host_decoders'),
    ('datasets.transforms.image_budget', 'limit_size_of_images'),
    ('engine.preflight', 'check_runs_before_they_start'),
    ('apis.init_recognizer', 'build_recognizers_as_configured'),
)


def fixes() -> tuple[Fix, ...]:
    """All fixes of this module, applied or not."""
    package = __package__.rpartition('.')[0]
    above = (
        getattr(importlib.import_module(f'{package}.{module}'), name)
        for module, name in OWNED_ABOVE
    )
    return (*FIXES, *above)


def apply() -> None:
    """Apply all fixes; further calls do nothing."""
    if is_switched_off():
        warnings.warn(
            f'{SWITCH}=off: no breakage of the host packages is fixed, and mmengine reads '
            'checkpoints by its own rules, which may run code that they hold.',
            stacklevel=2,
        )
        return
    at_import.apply()  # fixes that are owned above import mmaction.models
    for each in fixes():
        each()


apply()
