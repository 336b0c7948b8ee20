"""ActionCLIP ViT-B/16, Transf, 32 frames, fine-tuned on HMDB51 from Kinetics-400, split 1.

bash tools/dist_train.sh configs/finetune/actionclip_vit-b-16_transf_hmdb51_32f.py 4 \
    --cfg-options load_from=KINETICS_CHECKPOINT
4 GPUs with 16 videos each. Published: top-1 76.2 (ActionCLIP's README, which names no split).
Not measured here.
"""

_base_ = [
    '../_base_/models/actionclip_vit-b-16.py',
    '../_base_/datasets/hmdb51.py',
    '../_base_/schedules/adamw_50e.py',
    '../_base_/default_runtime.py',
]

from actionclip_mm.utils.data_configs import set_num_frames

set_num_frames(_base_, 32)

model = dict(cls_head=dict(label_encoder=dict(labels={{_base_.labels}})))
auto_scale_lr = dict(base_batch_size=64)
