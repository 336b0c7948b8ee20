"""K videos of each class of HMDB51, ViT-B/16 and Transf from Kinetics-400 (figure 3).

python tools/run_protocol.py few_shot_hmdb51_k4 \
    --config configs/few_shot/actionclip_vit-b-16_transf_hmdb51.py --checkpoint KINETICS_CHECKPOINT
4 GPUs with 16 videos each; the tool draws the K videos. From CLIP: without --checkpoint, and with
--cfg-options model.neck.zero_init=True, so that Transf starts as the mean of the frames.
Published: values only in the figure (paper, figure 3). Not measured here.
"""

_base_ = [
    '../_base_/models/actionclip_vit-b-16.py',
    '../_base_/datasets/hmdb51.py',
    '../_base_/schedules/few_shot.py',
    '../_base_/default_runtime.py',
]

model = dict(cls_head=dict(label_encoder=dict(labels={{_base_.labels}})))
train_dataloader = dict(drop_last=False)
