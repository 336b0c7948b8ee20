"""The 32-frame ViT-B/16 tested with 10 clips x 3 crops, similarities averaged (table 8).

python tools/test.py configs/actionclip/actionclip_vit-b-16_transf_k400_32f_10x3.py CHECKPOINT
One GPU; 30 views a video, 5 at a time. Published: top-1 83.8, top-5 97.1 (paper, table 8; its clips
and crops are not described, for ours see docs/multi_view.md). Not measured here.
"""

_base_ = 'actionclip_vit-b-16_transf_k400_32f.py'

test_dataloader = dict(batch_size=1, dataset=dict(pipeline=_base_.multi_view_pipeline))
model = dict(cls_head=dict(average_clips='score'), test_cfg=dict(max_testing_views=5))
