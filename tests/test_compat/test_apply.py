"""All breakages at once: applying twice is applying once."""

import sys

from mmaction.datasets.transforms import ColorJitter
from mmengine.dist import utils as dist_utils
from mmengine.optim import AmpOptimWrapper
from mmengine.runner import checkpoint as mmengine_checkpoint
from mmengine.utils import package_utils

from actionclip_mm import compat


def test_apply_twice_changes_nothing() -> None:
    before = (
        package_utils.get_installed_path,
        mmengine_checkpoint.load_from_local,
        mmengine_checkpoint.load_url,
        dist_utils._init_dist_pytorch,
        AmpOptimWrapper.__init__,
        ColorJitter.adjust_hue,
        sys.modules.get('mmaction.models.localizers.drn'),
    )
    compat.apply()
    after = (
        package_utils.get_installed_path,
        mmengine_checkpoint.load_from_local,
        mmengine_checkpoint.load_url,
        dist_utils._init_dist_pytorch,
        AmpOptimWrapper.__init__,
        ColorJitter.adjust_hue,
        sys.modules.get('mmaction.models.localizers.drn'),
    )
    assert after == before
