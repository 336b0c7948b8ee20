"""Table 1, unimodal: the same tower and Transf under a classifier, no text.

bash tools/dist_train.sh configs/ablations/table1_unimodal.py 4
4 GPUs with 32 videos each. Published: top-1 75.45 (paper, table 1; 78.36
with label texts). Not measured here.
"""

_base_ = '../actionclip/actionclip_vit-b-32_transf_k400_8f.py'

model = dict(
    cls_head=dict(
        _delete_=True,
        type='TimeSformerHead',
        num_classes=400,
        average_clips='prob',
    )
)
# the classifier is new
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'cls_head.fc_cls': dict(lr_mult=10.0)}))
