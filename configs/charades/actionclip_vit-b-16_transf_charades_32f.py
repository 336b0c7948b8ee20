"""ActionCLIP ViT-B/16, Transf, 32 frames, fine-tuned on Charades from Kinetics-400.

bash tools/dist_train.sh configs/charades/actionclip_vit-b-16_transf_charades_32f.py 4 \
    --cfg-options load_from=KINETICS_CHECKPOINT
4 GPUs with 32 videos each. Published: mAP 44.3 (paper, table 9), tested by _10x3.py next to this
does. The paper does not describe its loss for several labels; this one is ours, see
docs/charades.md. Not measured here.
"""

_base_ = [
    '../_base_/models/actionclip_vit-b-16.py',
    '../_base_/datasets/charades.py',
    '../_base_/schedules/adamw_50e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    cls_head=dict(
        multi_class=True,
        label_encoder=dict(labels={{_base_.labels}}),
        loss_cls=dict(_delete_=True, type='VideoAllTextKLLoss'),
    )
)
