"""ActionCLIP ViT-L/14, Transf, 8 frames, on Kinetics-400; not in the paper.

bash tools/dist_train.sh configs/actionclip/actionclip_vit-l-14_transf_k400_8f.py 4
4 GPUs with 32 videos each. Published: not in the paper.
Not measured here.
"""

_base_ = [
    '../_base_/models/actionclip_vit-l-14.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/adamw_50e.py',
    '../_base_/default_runtime.py',
]
