"""Fast torchvision transforms: pixels and random numbers of mmaction2's TorchVisionWrapper."""

from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmaction.datasets.transforms import TorchVisionWrapper
from mmaction.registry import TRANSFORMS
from torchvision.transforms import RandAugment
from torchvision.transforms import functional as F

from actionclip_mm.datasets.transforms import FastTorchVisionWrapper
from actionclip_mm.datasets.transforms import frame_operations as operations
from actionclip_mm.datasets.transforms.fast_torchvision import _augment

T, H, W = 3, 50, 68
JITTER = dict(op='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2)


def clip(seed: int = 0) -> list[np.ndarray]:
    """Noise, a smooth gradient with plain areas, and a nearly plain frame."""
    generator = np.random.default_rng(seed)
    noise = generator.integers(0, 256, (H, W, 3), dtype=np.uint8)
    small = generator.integers(0, 256, (3, 4, 3), dtype=np.uint8)
    smooth = cv2.resize(small, (W, H), interpolation=cv2.INTER_LINEAR)
    smooth[:10, :10] = 77
    plain = np.full((H, W, 3), 90, np.uint8)
    plain[:2] = 91
    return [noise, smooth, plain]


def run(transform: Any, seed: int, frames: list[np.ndarray]) -> np.ndarray:
    torch.manual_seed(seed)
    return np.stack(transform(dict(imgs=[frame.copy() for frame in frames]))['imgs'])


@pytest.mark.parametrize(
    'config',
    [
        dict(op='RandAugment', num_ops=2, magnitude=9),
        dict(op='RandAugment', num_ops=3, magnitude=25),
        dict(op='RandAugment', fill=[1.0, 2.0, 3.0]),
        dict(op='RandomGrayscale', p=0.5),
        JITTER,
        JITTER | dict(hue=0.1, hue_method='exact'),
    ],
    ids=['randaugment', 'strong', 'filled', 'grey', 'jitter', 'exact_hue'],
)
def test_draws_and_pixels_of_the_host(config: dict) -> None:
    fast = TRANSFORMS.build(dict(type='FastTorchVisionWrapper', **config))
    stock = TorchVisionWrapper(**{k: v for k, v in config.items() if k != 'hue_method'})
    frames = clip()
    for seed in range(40):
        np.testing.assert_array_equal(run(fast, seed, frames), run(stock, seed, frames))
        after = torch.rand(1)
        run(stock, seed, frames)
        assert torch.equal(after, torch.rand(1))  # as many random numbers were drawn


@pytest.mark.parametrize('name', list(RandAugment()._augmentation_space(31, (H, W))))
def test_each_operation_of_randaugment(name: str) -> None:
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.autoaugment import _apply_op

    frames = clip()
    magnitudes, signed = RandAugment()._augmentation_space(31, (H, W))[name]
    planes = torch.from_numpy(np.stack(frames)).movedim(-1, 1).contiguous()  # [T, 3, H, W]
    for level in (1, 9, 30) if magnitudes.ndim else (0,):
        for sign in (1, -1) if signed else (1,):
            magnitude = sign * float(magnitudes[level] if magnitudes.ndim else magnitudes)
            expected = _apply_op(planes, name, magnitude, InterpolationMode.NEAREST, None)
            changed = np.stack(_augment(frames, name, magnitude))
            np.testing.assert_array_equal(changed, expected.movedim(1, -1).numpy())


@pytest.mark.parametrize('offset', [-0.5, -0.1, -0.037, 0.0, 0.02, 0.1, 0.5])
def test_hue_within_one_grey_level(offset: float) -> None:
    """The stated bound, over all colours on a grid of 4 values and their neighbours."""
    values = np.arange(256, dtype=np.uint8)[::4] + np.uint8(3)  # 3, 7, …, 255
    grid = np.stack(np.meshgrid(values, values, values, indexing='ij'), -1)  # [64, 64, 64, 3]
    frames = [*grid.reshape(4, 256, 256, 3), *clip()]
    total = count = 0
    for frame, changed in zip(frames, operations.adjust_hue(frames, offset), strict=True):
        expected = F.adjust_hue(torch.from_numpy(frame).movedim(-1, 0), offset).movedim(0, -1)
        differences = np.abs(changed.astype(int) - expected.numpy())
        assert differences.max() <= 1
        total, count = total + differences.sum(), count + differences.size
    assert total / count < 0.001


def test_the_training_recipe_changes_little() -> None:
    fast = FastTorchVisionWrapper(**JITTER, hue=0.1)
    stock = TorchVisionWrapper(**JITTER, hue=0.1)
    frames = clip()
    differences = np.concatenate(
        [
            np.abs(run(fast, seed, frames).astype(int) - run(stock, seed, frames)).ravel()
            for seed in range(40)
        ]
    )
    assert differences.max() <= 2  # contrast after hue stretches the difference
    assert differences.mean() < 0.01


def test_luma_of_every_red_and_green() -> None:
    r, g = np.meshgrid(*[np.arange(256, dtype=np.uint8)] * 2, indexing='ij')
    for blue in (0, 1, 50, 100, 255):
        frame = np.stack([r, g, np.full_like(r, blue)], -1)
        expected = F.rgb_to_grayscale(torch.from_numpy(frame).movedim(-1, 0))[0]
        np.testing.assert_array_equal(operations.grey(frame), expected.numpy())


def test_input_frames_are_not_changed() -> None:
    frames = clip()
    kept = [frame.copy() for frame in frames]
    for config in (JITTER | dict(hue=0.1), dict(op='RandAugment', num_ops=4)):
        fast = FastTorchVisionWrapper(**config)
        for seed in range(20):
            torch.manual_seed(seed)
            fast(dict(imgs=frames))
    np.testing.assert_array_equal(frames, kept)


def test_flipped_and_cropped_views_are_taken() -> None:
    fast, stock = (kind(**JITTER) for kind in (FastTorchVisionWrapper, TorchVisionWrapper))
    frames = [frame[5:45, 60:10:-1] for frame in clip()]
    np.testing.assert_array_equal(run(fast, 1, frames), run(stock, 1, frames))


def test_frames_of_other_kinds_take_the_way_of_the_host() -> None:
    fast, stock = (kind(op='ColorJitter', brightness=0.4) for kind in
                   (FastTorchVisionWrapper, TorchVisionWrapper))  # fmt: skip
    for frames in ([f.astype(np.float32) for f in clip()], [f[..., :1] for f in clip()]):
        np.testing.assert_array_equal(run(fast, 1, frames), run(stock, 1, frames))


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"op must be one of .*got 'GaussianBlur'.*TorchVisionW"):
        FastTorchVisionWrapper('GaussianBlur', kernel_size=3)
    with pytest.raises(ValueError, match="hue_method must be one of opencv, exact, got 'hsv'"):
        FastTorchVisionWrapper('ColorJitter', hue_method='hsv', hue=0.1)
