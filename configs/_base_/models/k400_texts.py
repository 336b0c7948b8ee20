"""What turns a config of mmaction2 into one of ActionCLIP: the plugin, and Kinetics-400's texts.

The text tower is frozen, so that mmaction2's own recipe (optimizer, learning rate, schedule) trains
what it was made for; docs/mixed_backbones.md says how to train both.
"""

custom_imports = dict(
    imports=['actionclip_mm', 'actionclip_mm.compat.at_run'], allow_failed_imports=False
)
custom_hooks = [
    dict(type='CheckWeightsHook'),
    dict(type='FiniteLossHook'),
    dict(type='ExactResumeHook'),
]

label_encoder = dict(
    type='TextPromptLabelEncoder',
    labels='data/kinetics400/labels.txt',
    templates='actionclip16',
    arch='ViT-B-16-quickgelu',
    pretrained='openai',
    frozen_stages='all',
)
