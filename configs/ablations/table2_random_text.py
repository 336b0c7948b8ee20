"""Table 2, pre-training: image tower of CLIP, random text tower.

bash tools/dist_train.sh configs/ablations/table2_random_text.py 4
4 GPUs with 32 videos each. Published: top-1 76.63, top-5 91.94 (paper,
table 2). Not measured here.
"""

_base_ = '../actionclip/actionclip_vit-b-32_transf_k400_8f.py'

model = dict(cls_head=dict(label_encoder=dict(pretrained=None)))
