"""Fixes that a run needs: importing this module applies them.

``configs/_base_/default_runtime.py`` names it in ``custom_imports``, so that mmaction2's own
``tools/train.py`` gets them; the commands of ``actionclip`` and :mod:`actionclip_mm.apis` import it
themselves. ``ACTIONCLIP_MM_COMPAT=off`` applies none, with a warning.
"""

from . import checkpoints
from .at_predict import OWNED_ABOVE as OWNED_BY_READERS
from .at_predict import apply_all, owned_above
from .data_loaders import drop_unused_worker_options, stop_workers_that_cannot_send
from .evaluation import correct_accuracies, dump_with_custom_evaluators, refuse_unread_tests
from .files import (
    escape_dumped_configs,
    find_newest_checkpoint,
    resolve_config_paths,
    save_requested_epoch,
    write_files_atomically,
)
from .fixes import Fix
from .gpu_defaults import use_gpus_well
from .numpy_2 import restore_numpy_1_names, shift_hue_without_overflow
from .optimizers import group_layers_of_text_towers
from .resuming import resume_from_intact_checkpoints
from .training import allow_bfloat16_amp_on_cpu, cast_attention_masks, train_distributed_on_cpu

FIXES = (
    checkpoints.force_weights_only,
    checkpoints.refuse_nan_weights,
    escape_dumped_configs,
    write_files_atomically,
    find_newest_checkpoint,
    save_requested_epoch,
    resolve_config_paths,
    resume_from_intact_checkpoints,
    drop_unused_worker_options,
    stop_workers_that_cannot_send,
    train_distributed_on_cpu,
    allow_bfloat16_amp_on_cpu,
    cast_attention_masks,
    shift_hue_without_overflow,
    restore_numpy_1_names,
    dump_with_custom_evaluators,
    refuse_unread_tests,
    correct_accuracies,
    group_layers_of_text_towers,
    use_gpus_well,
)
# Fixes that need more than compat: module of actionclip_mm and name of the Fix.
OWNED_ABOVE = (
    *OWNED_BY_READERS,
    ('engine.preflight', 'check_runs_before_they_start'),
    ('apis.init_recognizer', 'build_recognizers_as_configured'),
)


def fixes() -> tuple[Fix, ...]:
    """All fixes of a run, applied or not."""
    return (*FIXES, *owned_above(OWNED_ABOVE))


def apply() -> None:
    """Apply all fixes; further calls do nothing."""
    apply_all(fixes)


apply()
