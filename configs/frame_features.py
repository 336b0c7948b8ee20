"""Another config on cached frame features, for a frozen image tower.

actionclip cache-features configs/mini/ablations/table5_frozen_both.py --out features/mini
ACTIONCLIP_CONFIG=mini/ablations/table5_frozen_both.py ACTIONCLIP_FEATURES=features/mini \
    actionclip train configs/frame_features.py --work-dir work_dirs/frozen
ACTIONCLIP_CONFIG is relative to this folder, absolute, or actionclip_mm::PATH. In a config of your
own, inherit that config and call use_frame_features as below (docs/frame_features.md).
"""

_base_ = '{{$ACTIONCLIP_CONFIG:mini/ablations/table5_frozen_both.py}}'

from actionclip_mm.features.configs import use_frame_features

use_frame_features(_base_, '{{$ACTIONCLIP_FEATURES:features/mini}}')
