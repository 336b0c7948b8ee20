"""The mini CLIP: an open_clip model config of plain ViT and text tower, for 40-pixel frames."""

arch = dict(
    embed_dim=128,
    quick_gelu=True,
    vision_cfg=dict(
        image_size=40,
        patch_size=8,
        width=128,
        layers=4,
        head_width=32,
        mlp_ratio=3.0,
        # learned positions start too small next to the patches to be learned in time
        pos_embed_type='sin_cos_2d',
    ),
    text_cfg=dict(context_length=77, vocab_size=49408, width=64, heads=4, layers=3),
)
