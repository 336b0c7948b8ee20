"""HMDB51: 16 videos of each base class to train, tested on base and on novel classes.

python tools/run_protocol.py base_to_novel_hmdb51 \
    --config configs/base_to_novel/actionclip_vit-b-16_transf_hmdb51.py
4 GPUs with 16 videos each, 3 seeds. Published: not in the paper; FROSTER's
README quotes base / novel / harmonic mean 69.1 / 37.3 / 48.5. Not measured here.
"""

_base_ = [
    '../_base_/models/actionclip_vit-b-16_zero_init.py',
    '../_base_/datasets/hmdb51.py',
    '../_base_/schedules/base_to_novel.py',
    '../_base_/default_runtime.py',
]

model = dict(cls_head=dict(label_encoder=dict(labels={{_base_.labels}})))
train_dataloader = dict(drop_last=False)
