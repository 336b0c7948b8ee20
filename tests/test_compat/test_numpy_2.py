"""What numpy 2 breaks in mmaction2 works, and numpy itself is left alone."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmaction.datasets.transforms import ColorJitter
from mmaction.evaluation import RetrievalRecall, average_recall_at_avg_proposals
from mmaction.registry import TRANSFORMS
from mmaction.utils import frame_extract

from actionclip_mm.compat import numpy_2

NUMPY_2 = int(np.__version__.split('.')[0]) >= 2


def test_skeletons_are_cropped() -> None:
    """PoseC3D's test pipeline; both of its transforms look for the smallest coordinate."""
    keypoint = np.array([[[[10.0, 20.0], [50.0, 60.0]]]], np.float32)  # [person, T, joint, xy]
    results = dict(keypoint=keypoint.copy(), img_shape=(100, 100), total_frames=1)
    compact = TRANSFORMS.build(dict(type='PoseCompact', hw_ratio=1.0, padding=0.25))
    assert compact(results)['img_shape'] == (50, 50)
    both = TRANSFORMS.build(dict(type='MMCompact', hw_ratio=1.0, padding=0.25))
    both = both(dict(keypoint=keypoint, img_shape=(100, 100), imgs=[np.zeros((100, 100, 3))]))
    assert both['img_shape'] == (50, 50)


def test_frames_are_extracted(write_video: Callable[..., Path], tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.avi')
    _, frames = frame_extract(str(video), short_side=20, out_dir=str(tmp_path / 'out'))
    assert len(frames) > 0 and {min(frame.shape[:2]) for frame in frames} == {20}


def test_recall_of_proposals_and_of_retrieval() -> None:
    truth = {'a': np.array([[0.0, 10.0]])}
    proposals = {'a': np.array([[0.0, 10.0, 1.0], [5.0, 20.0, 0.5]])}
    auc = average_recall_at_avg_proposals(truth, proposals, 2)[3]
    assert auc == pytest.approx(50.5)  # the area begins at the first proposal
    found = RetrievalRecall.calculate(
        [torch.tensor([2, 0, 1])], [torch.tensor([0])], topk=(1, 2), pred_indices=True,
        target_indices=True,
    )  # fmt: skip
    assert [float(recall) for recall in found] == [0, 100]


@pytest.mark.skipif(not NUMPY_2, reason='numpy 1 has the names')
def test_numpy_itself_lacks_them_still() -> None:
    assert not any(hasattr(np, name) for name in ('Inf', 'in1d'))


class TestHue:
    """ColorJitter's hue shift in uint8."""

    @staticmethod
    def in_uint8(img: np.ndarray, factor: float) -> np.ndarray:
        """How the host adds the offset."""
        hsv = cv2.cvtColor(np.clip(img, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0] + int(factor * 255)) % 180
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)

    def test_replaces_what_is_broken(
        self, monkeypatch: pytest.MonkeyPatch, apply_again: Callable
    ) -> None:
        monkeypatch.setattr(ColorJitter, 'adjust_hue', staticmethod(self.in_uint8))
        if np.lib.NumpyVersion(np.__version__) >= '2.0.0':
            with pytest.raises(OverflowError):
                ColorJitter.adjust_hue(np.full((1, 1, 3), 9.0), -0.1)
        assert apply_again(numpy_2.shift_hue_without_overflow)
        assert ColorJitter.adjust_hue is numpy_2._adjust_hue

    def test_leaves_a_repaired_host_alone(
        self, monkeypatch: pytest.MonkeyPatch, apply_again: Callable
    ) -> None:
        def repaired(img: np.ndarray, factor: float) -> np.ndarray:
            return numpy_2._adjust_hue(img, factor)

        monkeypatch.setattr(ColorJitter, 'adjust_hue', staticmethod(repaired))
        assert not apply_again(numpy_2.shift_hue_without_overflow)
        assert ColorJitter.adjust_hue is repaired

    @pytest.mark.parametrize('offset', [-127, -90, -1, 0, 1, 60, 90, 127])
    def test_turns_the_hue_circle(self, offset: int) -> None:
        """Pure colours keep saturation and value, and their hue moves by the offset."""
        hue = np.arange(0, 180, 5)
        hsv = np.stack([hue, np.full_like(hue, 255), np.full_like(hue, 255)], -1)[None]
        rgb = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
        # half a step more than the offset, because the host truncates
        factor = (offset + np.sign(offset) * 0.5) / 255
        turned = ColorJitter.adjust_hue(rgb.astype(np.float32), factor)
        expected = hsv.copy()
        expected[..., 0] = (hsv[..., 0] + offset) % 180
        expected = cv2.cvtColor(expected.astype(np.uint8), cv2.COLOR_HSV2RGB)
        assert turned.dtype == np.float32
        np.testing.assert_array_equal(turned, expected)

    def test_whole_transform_runs(self) -> None:
        np.random.seed(0)
        clip = [np.random.randint(0, 256, (8, 8, 3)).astype(np.uint8) for _ in range(4)]
        for _ in range(10):  # draws hue offsets of both signs
            result = ColorJitter(hue=0.5)(dict(imgs=clip))
            assert len(result['imgs']) == 4
