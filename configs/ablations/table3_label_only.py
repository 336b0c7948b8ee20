"""Table 3, textual prompt: the label words alone, no templates.

bash tools/dist_train.sh configs/ablations/table3_label_only.py 4
4 GPUs with 32 videos each. Published: top-1 77.82 (paper, table 3; 78.36
with templates). Not measured here.
"""

_base_ = '../actionclip/actionclip_vit-b-32_transf_k400_8f.py'

model = dict(cls_head=dict(label_encoder=dict(templates='label_only')))
