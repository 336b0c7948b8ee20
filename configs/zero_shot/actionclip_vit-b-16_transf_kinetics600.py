"""Zero-shot on 160 classes of Kinetics-600 that Kinetics-400 lacks, split 1 of 3, test videos.

python tools/test.py configs/zero_shot/actionclip_vit-b-16_transf_kinetics600.py KINETICS_CHECKPOINT
One GPU. Published: not in the paper; a re-run in FROSTER's README has top-1 62.5 ± 1.2 on three
splits of the validation videos. Not measured here.
"""

_base_ = '../actionclip/actionclip_vit-b-16_transf_k400_8f.py'

data_root = 'data/kinetics600'
model = dict(cls_head=dict(label_encoder=dict(labels=f'{data_root}/zero_shot_split_1_labels.txt')))
test_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/kinetics600_zero_shot_split_1_test_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_test'),
    )
)
