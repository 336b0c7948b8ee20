"""Split 2 of UCF101, else as split 1.

bash tools/dist_train.sh configs/finetune/actionclip_vit-b-16_transf_ucf101_32f_split_2.py 4 \
    --cfg-options load_from=KINETICS_CHECKPOINT
4 GPUs with 8 videos each. Published: top-1 97.1 (ActionCLIP's README, which names no split).
Not measured here.
"""

_base_ = 'actionclip_vit-b-16_transf_ucf101_32f.py'

train_dataloader = dict(dataset=dict(ann_file='data/ucf101/ucf101_train_split_2_videos.txt'))
val_dataloader = dict(dataset=dict(ann_file='data/ucf101/ucf101_val_split_2_videos.txt'))
test_dataloader = val_dataloader
