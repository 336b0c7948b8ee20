"""Table 2, pre-training: random image tower, text tower of CLIP.

bash tools/dist_train.sh configs/ablations/table2_random_image.py 4
4 GPUs with 32 videos each. Published: top-1 40.10, top-5 66.35 (paper,
table 2). Not measured here.
"""

_base_ = '../actionclip/actionclip_vit-b-32_transf_k400_8f.py'

model = dict(
    backbone=dict(pretrained=None),
    cls_head=dict(label_encoder=dict(pretrained='openai')),
)
