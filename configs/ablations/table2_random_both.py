"""Table 2, pre-training: both towers random.

bash tools/dist_train.sh configs/ablations/table2_random_both.py 4
4 GPUs with 32 videos each. Published: top-1 36.96, top-5 63.02 (paper,
table 2). Not measured here.
"""

_base_ = '../actionclip/actionclip_vit-b-32_transf_k400_8f.py'

model = dict(backbone=dict(pretrained=None))  # the label encoder takes the same CLIP
