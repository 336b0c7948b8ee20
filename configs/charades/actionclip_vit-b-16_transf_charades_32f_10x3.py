"""The paper's test on Charades: 10 clips x 3 crops, similarities averaged.

python tools/test.py configs/charades/actionclip_vit-b-16_transf_charades_32f_10x3.py CHECKPOINT
One GPU; 30 views a video, 5 at a time. Published: mAP 44.3 (paper, table 9). Not measured here.
Models of the _bce.py need --cfg-options model.cls_head.loss_cls.type=VideoTextBCELoss.
"""

_base_ = 'actionclip_vit-b-16_transf_charades_32f.py'

test_dataloader = dict(batch_size=1, dataset=dict(pipeline=_base_.multi_view_pipeline))
model = dict(cls_head=dict(average_clips='score'), test_cfg=dict(max_testing_views=5))
