"""Table 4, post-network visual prompt: Transf_cls.

bash tools/dist_train.sh configs/ablations/table4_transf_cls.py 4
4 GPUs with 32 videos each. Published: top-1 78.12 (paper, table 4; 78.36
with Transf). Not measured here.
"""

_base_ = '../actionclip/actionclip_vit-b-32_transf_k400_8f.py'

model = dict(
    neck=dict(_delete_=True, type='TransfClsPrompt', num_frames=8),
)
