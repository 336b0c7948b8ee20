"""K videos of each class of Something-Something V2, ViT-B/16 and Transf from CLIP, 8 frames.

python tools/run_protocol.py few_shot_ssv2_k4 \
    --config configs/few_shot/actionclip_vit-b-16_transf_ssv2.py
4 GPUs with 16 videos each; the tool draws the K videos. Published: not in the
paper. Not measured here.
"""

_base_ = [
    '../_base_/models/actionclip_vit-b-16_zero_init.py',
    '../_base_/datasets/ssv2.py',
    '../_base_/schedules/few_shot.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=16, drop_last=False)
model = dict(cls_head=dict(label_encoder=dict(labels={{_base_.labels}})))
