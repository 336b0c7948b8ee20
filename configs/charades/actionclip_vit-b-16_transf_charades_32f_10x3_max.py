"""Test on Charades with the best of 10 clips x 3 crops for each class, as SlowFast tests.

python tools/test.py configs/charades/actionclip_vit-b-16_transf_charades_32f_10x3_max.py CHECKPOINT
One GPU; 30 views a video, 5 at a time. Published: not in the paper, whose 44.3 is with the mean of
the views. Not measured here.
"""

_base_ = 'actionclip_vit-b-16_transf_charades_32f_10x3.py'

model = dict(cls_head=dict(average_clips='max'))
