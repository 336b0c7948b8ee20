"""ActionCLIP on CLIP ViT-B/32 with the paper's best visual prompt, Transf, for Kinetics-400."""

model = dict(
    type='CLIPRecognizer',
    backbone=dict(
        type='CLIPImageEncoder',
        arch='ViT-B-32-quickgelu',  # the activation that OpenAI trained with
        pretrained='openai',
        frozen_stages=-1,
    ),
    neck=dict(type='TransfPrompt', num_layers=6),
    cls_head=dict(
        type='VideoTextHead',
        label_encoder=dict(
            type='TextPromptLabelEncoder',
            labels='data/kinetics400/labels.txt',
            templates='actionclip16',
            frozen_stages=-1,
        ),
        loss_cls=dict(type='VideoTextKLLoss', target='normalized'),
        average_clips='prob',
    ),
)
