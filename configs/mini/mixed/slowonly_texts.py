"""mmaction2's SlowOnly on the mini benchmark, compared with texts; nothing else differs.

python tools/train.py configs/mini/mixed/slowonly_texts.py
About 5 minutes on one core. Measured, seed 0: top-1 46.9 % of 60 classes, order of the
pairs 81.6 %. docs/mixed_backbones.md compares.
"""

_base_ = ['slowonly_linear.py', '../../_base_/models/mini_clip.py']

model = dict(
    cls_head=dict(
        _delete_=True,
        type='VideoTextHead',
        in_channels=128,
        label_encoder=dict(
            type='TextPromptLabelEncoder',
            labels='data/mini/labels_seen.txt',
            templates=['{}', 'a video of {}', 'a clip that shows {}', '{}, a short video'],
            arch={{_base_.arch}},
            pretrained='data/mini_clip/mini_clip.safetensors',
        ),
    )
)
