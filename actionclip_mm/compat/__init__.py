"""Known breakages of the host packages, each mended by one guarded function.

Every function first looks whether the breakage is there, or leaves alone whatever the host can do
by itself, so a repaired host needs no change here. Nothing is written into site-packages, and
nothing that would have been an error turns into silence.
"""

from .autocast import masks_under_autocast
from .checkpoint_files import files_written_in_place, resume_without_last_checkpoint
from .checkpoints import checkpoints_under_weights_only
from .config_text import configs_that_hold_names
from .data_loaders import loaders_with_any_workers, workers_that_cannot_send
from .evaluators import dump_beside_an_evaluator, nothing_read_is_not_a_result
from .flexible_runner import epochs_of_the_flexible_runner
from .grad_cam import grad_cam_of_clip_towers
from .host_models import advice_against_mmcv_lite, missing_drn, vindlu_beside_new_transformers
from .inference import pretrained_decides_more_than_weights
from .metrics import accuracies_of_ties_and_absent_classes
from .no_gpu import amp_without_gpu, gloo_without_gpu
from .numpy_names import names_of_numpy_1
from .optimizers import tsm_constructor_of_other_layers
from .package_lookup import (
    config_paths_of_this_package,
    config_paths_that_a_metafile_misspells,
    package_lookup_without_pkg_resources,
)
from .resuming import resume_from_a_whole_checkpoint
from .transforms import hue_shift_in_uint8
from .video_output import video_output_without_moviepy
from .visualization import every_video_of_the_inferencer, labels_under_their_new_names
from .weight_values import weights_without_nan

BREAKAGES = (
    package_lookup_without_pkg_resources,
    config_paths_of_this_package,
    config_paths_that_a_metafile_misspells,
    missing_drn,
    advice_against_mmcv_lite,
    vindlu_beside_new_transformers,
    checkpoints_under_weights_only,
    configs_that_hold_names,
    weights_without_nan,
    files_written_in_place,
    resume_without_last_checkpoint,
    resume_from_a_whole_checkpoint,
    loaders_with_any_workers,
    workers_that_cannot_send,
    gloo_without_gpu,
    amp_without_gpu,
    masks_under_autocast,
    hue_shift_in_uint8,
    names_of_numpy_1,
    pretrained_decides_more_than_weights,
    video_output_without_moviepy,
    labels_under_their_new_names,
    every_video_of_the_inferencer,
    grad_cam_of_clip_towers,
    dump_beside_an_evaluator,
    nothing_read_is_not_a_result,
    accuracies_of_ties_and_absent_classes,
    tsm_constructor_of_other_layers,
    epochs_of_the_flexible_runner,
)


def apply() -> None:
    """Mend what this stack needs; must run before ``mmaction.models`` is imported.

    May run more than once: what is mended is left alone.
    """
    for mend in BREAKAGES:
        mend()
