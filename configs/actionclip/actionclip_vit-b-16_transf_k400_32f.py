"""ActionCLIP ViT-B/16, Transf, 32 frames, on Kinetics-400 (table 6).

bash tools/dist_train.sh configs/actionclip/actionclip_vit-b-16_transf_k400_32f.py 4
4 GPUs with 32 videos each. Published: top-1 82.32, top-5 96.20
(ActionCLIP's README). Not measured here.
"""

_base_ = [
    '../_base_/models/actionclip_vit-b-16.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/adamw_50e.py',
    '../_base_/default_runtime.py',
]

from actionclip_mm.utils.data_configs import set_num_frames

set_num_frames(_base_, 32)
