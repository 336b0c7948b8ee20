"""ActionCLIP with Transf on the mini benchmark.

python tools/data/mini/generate.py
python tools/train.py configs/mini/actionclip_mini_transf.py
"""

_base_ = [
    '../_base_/models/mini_actionclip.py',
    '../_base_/datasets/mini_clips.py',
    '../_base_/schedules/mini.py',
    '../_base_/default_runtime.py',
]
