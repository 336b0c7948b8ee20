"""Split 2 of HMDB51, else as split 1.

bash tools/dist_train.sh configs/finetune/actionclip_vit-b-16_transf_hmdb51_32f_split_2.py 4 \
    --cfg-options load_from=KINETICS_CHECKPOINT
4 GPUs with 16 videos each. Published: top-1 76.2 (ActionCLIP's README, which names no split).
Not measured here.
"""

_base_ = 'actionclip_vit-b-16_transf_hmdb51_32f.py'

train_dataloader = dict(dataset=dict(ann_file='data/hmdb51/hmdb51_train_split_2_videos.txt'))
val_dataloader = dict(dataset=dict(ann_file='data/hmdb51/hmdb51_val_split_2_videos.txt'))
test_dataloader = val_dataloader
