"""Another config on extracted frames instead of video files.

ACTIONCLIP_CONFIG=finetune/actionclip_vit-b-16_transf_ucf101_32f.py \
    actionclip train configs/rawframes.py --work-dir work_dirs/ucf101_rawframes
ACTIONCLIP_CONFIG is relative to this folder, absolute, or actionclip_mm::PATH. In a config of your
own, inherit that config and call use_rawframes as below. Not measured here.
"""

_base_ = '{{$ACTIONCLIP_CONFIG:finetune/actionclip_vit-b-16_transf_ucf101_32f.py}}'

from actionclip_mm.utils.data_configs import use_rawframes

use_rawframes(_base_)
