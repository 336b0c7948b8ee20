"""What makes mmaction2's backbones and frames small, so that a config runs in about a second."""

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config

NARROW_3D = dict(depth=18, base_channels=8)  # four stages of 8, 16, 32 and 64 channels
# by the backbone's type: what is smaller than in the config, and the width of its features
SIZES: dict[str, tuple[dict, int]] = {
    'ResNet': (dict(depth=18), 512),
    'ResNetTSM': (dict(depth=18), 512),
    'ResNet3dSlowOnly': (NARROW_3D, 64),
    'ResNet3dSlowFast': (
        dict(
            channel_ratio=2, slow_pathway=NARROW_3D, fast_pathway=dict(depth=18, base_channels=4)
        ),
        64 + 32,
    ),
    'ResNet2Plus1d': (NARROW_3D, 64),
    'X3D': (dict(gamma_w=0.34, gamma_d=1), 144),
    'SwinTransformer3D': (
        dict(arch=dict(embed_dims=16, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2])),
        128,
    ),
    'TimeSformer': (dict(num_transformer_layers=1, embed_dims=48, img_size=32), 48),
    'MViT': (
        dict(
            arch=dict(embed_dims=8, num_layers=4, num_heads=1, downscale_indices=[1, 2, 3]),
            spatial_size=32,
            temporal_size=16,
        ),
        64,
    ),
    'UniFormerV2': (
        dict(
            input_resolution=32, width=48, layers=2, heads=2, return_list=[0, 1], n_layers=2,
            n_dim=48, n_head=2, mlp_dropout=[0.5, 0.5],
        ),
        48,
    ),
    'timm.swin_base_patch4_window7_224': (
        dict(
            img_size=32, window_size=4, embed_dim=16, depths=(1, 1, 1, 1), num_heads=(1, 1, 2, 2)
        ),
        128,
    ),
    'STGCN': (dict(base_channels=8, num_stages=3, inflate_stages=[2], down_stages=[2]), 16),
}  # fmt: skip


@pytest.fixture
def shrink_backbone() -> Callable[[Config], None]:
    """Function that narrows the backbone of mmaction2 in a config, if it has one, in place."""

    def shrink(config: Config) -> None:
        if config.model.backbone.type not in SIZES:
            return
        size, width = SIZES[config.model.backbone.type]
        for key, value in size.items():
            if key.endswith('_pathway'):
                config.model.backbone[key].update(value)
            else:
                config.model.backbone[key] = value
        if 'pretrained' in config.model.backbone:
            config.model.backbone.pretrained = None  # it is to be downloaded
        config.model.cls_head.in_channels = width

    return shrink


@pytest.fixture(scope='session')
def skeletons() -> bytes:
    """Three videos of two persons with 17 joints, in mmaction2's layout, which is a pickle."""
    rng = np.random.default_rng(0)
    annotations = [
        dict(
            frame_dir=str(index),
            label=index % 2,
            img_shape=(48, 64),
            original_shape=(48, 64),
            total_frames=12,
            keypoint=rng.uniform(0, 48, (2, 12, 17, 2)).astype(np.float16),
            keypoint_score=np.ones((2, 12, 17), np.float16),
        )
        for index in range(3)
    ]
    names = [annotation['frame_dir'] for annotation in annotations]
    content = dict(split=dict(xsub_train=names, xsub_val=names), annotations=annotations)
    return pickle.dumps(content)


@pytest.fixture(scope='session')
def shrink_frames() -> Callable[[Any], Any]:
    """Function: the same tree with 32 and 37 pixels where 224 and 256 stand."""

    def shrink(node: Any) -> Any:
        if isinstance(node, dict):
            return type(node)({name: shrink(old) for name, old in node.items()})
        if isinstance(node, (list, tuple)):
            return type(node)(shrink(item) for item in node)
        return {224: 32, 256: 37}.get(node, node) if isinstance(node, int) else node

    return shrink
