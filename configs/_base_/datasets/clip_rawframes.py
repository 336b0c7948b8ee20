"""The recipe of clip_video.py for extracted frames, folders of img_00001.jpg, img_00002.jpg, …"""

_base_ = 'clip_video.py'

# a folder is not opened, and RawFrameDecode reads the chosen frames
decode = dict(type='RawFrameDecode')
train_pipeline = [_base_.train_pipeline[1], decode, *_base_.train_pipeline[3:]]
test_pipeline = [_base_.test_pipeline[1], decode, *_base_.test_pipeline[3:]]
multi_view_pipeline = [_base_.multi_view_pipeline[1], decode, *_base_.multi_view_pipeline[3:]]

frames = dict(type='RobustRawframeDataset', filename_tmpl='img_{:05d}.jpg')
train_dataloader = dict(dataset=dict(**frames, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(**frames, pipeline=test_pipeline))
test_dataloader = val_dataloader
