"""ActionCLIP ResNet-50, Transf, 8 frames, on Kinetics-400 (table 6).

bash tools/dist_train.sh configs/actionclip/actionclip_rn50_transf_k400_8f.py 4
4 GPUs with 32 videos each. Published: top-1 73.31, top-5 92.02
(paper, table 6). Not measured here.
"""

_base_ = [
    '../_base_/models/actionclip_rn50.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/adamw_50e.py',
    '../_base_/default_runtime.py',
]
