"""ActionCLIP on the mini CLIP, with the temporal Transformer as visual prompt."""

_base_ = ['mini_clip.py']

model = dict(
    type='CLIPRecognizer',
    backbone=dict(
        type='CLIPImageEncoder',
        arch={{_base_.arch}},
        pretrained='data/mini_clip/mini_clip.safetensors',
    ),
    # from MeanP's start, and with positions as strong as frame features: few steps must do
    neck=dict(
        type='TransfPrompt',
        num_layers=6,
        num_heads=4,
        zero_init=True,
        position_std=1.0,
    ),
    cls_head=dict(
        type='VideoTextHead',
        label_encoder=dict(
            type='TextPromptLabelEncoder',
            labels='data/mini/labels_seen.txt',
            templates=['{}', 'a video of {}', 'a clip that shows {}', '{}, a short video'],
        ),
        loss_cls=dict(type='VideoTextKLLoss', target='normalized'),
        average_clips='prob',
    ),
)
