"""ActionCLIP with Transf on the mini benchmark.

actionclip prepare mini
python tools/train.py configs/mini/actionclip_mini_transf.py

About 3.5 minutes on 2 cores. Measured, seed 0: top-1 98.9 % of 60 classes and order of the pairs
99.3 %. A linear classifier on colour histograms (tools/analysis/histogram_baseline.py) reaches
19.4 %, guessing 1.7 %.
"""

_base_ = [
    '../_base_/models/mini_actionclip.py',
    '../_base_/datasets/mini_clips.py',
    '../_base_/schedules/mini.py',
    '../_base_/default_runtime.py',
]
