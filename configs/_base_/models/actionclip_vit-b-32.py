"""ActionCLIP on CLIP ViT-B/32 with the paper's best visual prompt, Transf, for Kinetics-400."""

arch = 'ViT-B-32-quickgelu'  # the activation that OpenAI trained with

model = dict(
    type='CLIPRecognizer',
    backbone=dict(type='CLIPImageEncoder', arch=arch, pretrained='openai', frozen_stages=-1),
    neck=dict(type='TransfPrompt', in_channels=512, num_layers=6, num_heads=8),
    cls_head=dict(
        type='VideoTextHead',
        in_channels=512,
        label_encoder=dict(
            type='TextPromptLabelEncoder',
            labels='data/kinetics400/labels.txt',
            templates='actionclip16',
            arch=arch,
            pretrained='openai',
            frozen_stages=-1,
        ),
        loss_cls=dict(type='VideoTextKLLoss', target='normalized'),
        average_clips='prob',
    ),
)
