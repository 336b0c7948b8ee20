"""Zero-shot on Kinetics-400 (figure 3): CLIP's own weights and the mean of 8 frames, no training.

actionclip convert ViT-B-16.pt clip.safetensors
python tools/test.py configs/zero_shot/actionclip_vit-b-16_mean_p_kinetics400.py clip.safetensors
One GPU. Published: values only in the figure (paper, figure 3). Not measured here.
"""

_base_ = '../actionclip/actionclip_vit-b-16_transf_k400_8f.py'

model = dict(neck=dict(_delete_=True, type='MeanPPrompt'))
