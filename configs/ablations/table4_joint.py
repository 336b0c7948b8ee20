"""Table 4, visual prompt before the network: Joint.

bash tools/dist_train.sh configs/ablations/table4_joint.py 4
4 GPUs with 32 videos each. Published: top-1 74.37 (paper, table 4; 78.36
with Transf). Not measured here.
"""

_base_ = '../actionclip/actionclip_vit-b-32_transf_k400_8f.py'

model = dict(
    backbone=dict(visual_prompt=dict(type='JointPrompt', num_frames=8)),
    neck=dict(_delete_=True, type='MeanPPrompt'),  # of one feature
)
