"""Something-Something V2: 16 videos of each base class to train, tests on base and novel classes.

python tools/run_protocol.py base_to_novel_ssv2 \
    --config configs/base_to_novel/actionclip_vit-b-16_transf_ssv2.py
4 GPUs with 16 videos each, 3 seeds. Published: not in the paper; FROSTER's
README quotes base / novel / harmonic mean 13.3 / 10.1 / 11.5. Not measured here.
"""

_base_ = [
    '../_base_/models/actionclip_vit-b-16_zero_init.py',
    '../_base_/datasets/ssv2.py',
    '../_base_/schedules/base_to_novel.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=16, drop_last=False)
model = dict(cls_head=dict(label_encoder=dict(labels={{_base_.labels}})))
