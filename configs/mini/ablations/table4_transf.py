"""The paper's method, last row of tables 1 to 5: Transf, templates, everything fine-tuned.

python tools/train.py configs/mini/ablations/table4_transf.py
Mini twin of configs/ablations; results: docs/reproduce_mini.md.
"""

_base_ = '../actionclip_mini_transf.py'
