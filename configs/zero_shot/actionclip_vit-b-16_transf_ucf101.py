"""Zero-shot on UCF101 (figure 3): a model of Kinetics-400 and the class names, test split 1.

python tools/test.py configs/zero_shot/actionclip_vit-b-16_transf_ucf101.py KINETICS_CHECKPOINT
One GPU. Published: values only in the figure (paper, figure 3); a re-run in FROSTER's README has
top-1 77.5 ± 0.8 on the three test splits. Not measured here.
"""

_base_ = '../actionclip/actionclip_vit-b-16_transf_k400_8f.py'

data_root = 'data/ucf101'
model = dict(cls_head=dict(label_encoder=dict(labels=f'{data_root}/labels.txt')))
test_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/ucf101_val_split_1_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
    )
)
