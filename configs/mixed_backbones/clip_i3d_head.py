"""The reverse: CLIP's tower and Transf under mmaction2's I3DHead, a classifier without texts.

bash tools/dist_train.sh configs/mixed_backbones/clip_i3d_head.py 4
4 GPUs with 32 videos each. Not measured here; the paper's own classifier under the same features
reaches top-1 75.45 (paper, table 1; 78.36 with texts).
"""

_base_ = '../actionclip/actionclip_vit-b-32_transf_k400_8f.py'

model = dict(
    cls_head=dict(
        _delete_=True,
        type='I3DHead',
        num_classes=400,
        spatial_type=None,  # the neck has pooled already
        dropout_ratio=0.5,
        average_clips='prob',
    )
)
# the classifier is new
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'cls_head.fc_cls': dict(lr_mult=10.0)}))
