"""Table 4, post-network visual prompt: Conv1D.

bash tools/dist_train.sh configs/ablations/table4_conv1d.py 4
4 GPUs with 32 videos each. Published: top-1 77.04 (paper, table 4; 78.36
with Transf). Not measured here.
"""

_base_ = '../actionclip/actionclip_vit-b-32_transf_k400_8f.py'

model = dict(neck=dict(_delete_=True, type='Conv1DPrompt'))
