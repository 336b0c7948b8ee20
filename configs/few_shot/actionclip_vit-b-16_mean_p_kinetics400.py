"""K videos of each class of Kinetics-400, ViT-B/16 and MeanP from CLIP (figure 3).

python tools/run_protocol.py few_shot_kinetics400_k4 \
    --config configs/few_shot/actionclip_vit-b-16_mean_p_kinetics400.py
4 GPUs with 16 videos each; the tool draws the K videos. Published: values only in the figure
(paper, figure 3). Not measured here.
"""

_base_ = [
    '../_base_/models/actionclip_vit-b-16.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/few_shot.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=16, drop_last=False)
model = dict(neck=dict(_delete_=True, type='MeanPPrompt'))
