"""ActionCLIP on Charades with a binary question per class, the loss of SlowFast.

bash tools/dist_train.sh configs/charades/actionclip_vit-b-16_transf_charades_32f_bce.py 4 \
    --cfg-options load_from=KINETICS_CHECKPOINT
4 GPUs with 32 videos each. Published: not in the paper, which does not describe its loss.
Not measured here.
"""

_base_ = 'actionclip_vit-b-16_transf_charades_32f.py'

model = dict(cls_head=dict(loss_cls=dict(_delete_=True, type='VideoTextBCELoss')))
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'cls_head.loss_cls.margin': dict(lr_mult=10.0)})
)
