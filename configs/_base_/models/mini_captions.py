"""The mini CLIP from random weights, its images compared with their captions."""

_base_ = 'mini_clip.py'

model = dict(
    type='CLIPRecognizer',
    backbone=dict(type='CLIPImageEncoder', arch={{_base_.arch}}),
    neck=dict(type='MeanPPrompt'),
    cls_head=dict(
        type='CaptionHead',
        multi_class=True,
        scores='softmax',
        captions_per_image=3,
        label_encoder=dict(
            type='TextPromptLabelEncoder',
            labels='data/mini/labels_captions.txt',
            templates=['{}'],
        ),
        loss_cls=dict(type='VideoTextKLLoss', target='normalized'),
    ),
)
