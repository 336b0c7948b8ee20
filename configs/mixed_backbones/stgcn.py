"""ST-GCN (joints of 2 persons, 100 frames): skeletons, compared with texts.

bash tools/dist_train.sh configs/mixed_backbones/stgcn.py 8
8 GPUs. mmaction2's own config, with a linear head: top-1 88.95 on NTU60-XSub (its model zoo).
Not measured here.
"""

_base_ = [
    'mmaction::skeleton/stgcn/stgcn_8xb16-joint-u100-80e_ntu60-xsub-keypoint-2d.py',
    '../_base_/models/k400_texts.py',
]

label_encoder = _base_.label_encoder
label_encoder.labels = 'data/skeleton/ntu60_labels.txt'  # 60 class names, one per line, in id order
model = dict(
    cls_head=dict(
        _delete_=True,
        type='VideoTextHead',
        in_channels=256,
        label_encoder=label_encoder,
    ),
)
