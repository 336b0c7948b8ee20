"""ActionCLIP trained on trimmed segments of Charades, one label each, as BIKE is.

bash tools/dist_train.sh configs/charades/actionclip_vit-b-16_transf_charades_32f_segments.py 4 \
    --cfg-options load_from=KINETICS_CHECKPOINT
4 GPUs with 32 segments each; an epoch is six times as long as one of whole videos, which are what
is tested. Published: not in the paper. Not measured here.
"""

_base_ = [
    '../_base_/models/actionclip_vit-b-16.py',
    '../_base_/datasets/charades_segments.py',
    '../_base_/schedules/adamw_50e.py',
    '../_base_/default_runtime.py',
]

# the paper's loss: as on Kinetics, a segment has one label
model = dict(cls_head=dict(multi_class=True, label_encoder=dict(labels={{_base_.labels}})))
