"""Kinetics-400: 16 videos of each base class to train, tested on base and on novel classes.

python tools/run_protocol.py base_to_novel_kinetics400 \
    --config configs/base_to_novel/actionclip_vit-b-16_transf_kinetics400.py
4 GPUs with 16 videos each, 3 seeds. Published: not in the paper; FROSTER's
README quotes base / novel / harmonic mean 61.0 / 46.2 / 52.6. Not measured here.
"""

_base_ = [
    '../_base_/models/actionclip_vit-b-16_zero_init.py',
    '../_base_/datasets/kinetics400.py',
    '../_base_/schedules/base_to_novel.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=16, drop_last=False)
