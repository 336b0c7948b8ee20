"""ColorJitter's hue shift under numpy 2."""

import cv2
import numpy as np
import pytest
from mmaction.datasets.transforms import ColorJitter

from actionclip_mm import compat
from actionclip_mm.compat import (
    transforms,
)


class TestHue:
    """ColorJitter's hue shift in uint8."""

    @staticmethod
    def in_uint8(img: np.ndarray, factor: float) -> np.ndarray:
        """How the host adds the offset."""
        hsv = cv2.cvtColor(np.clip(img, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0] + int(factor * 255)) % 180
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)

    def test_replaces_what_is_broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ColorJitter, 'adjust_hue', staticmethod(self.in_uint8))
        if np.lib.NumpyVersion(np.__version__) >= '2.0.0':
            with pytest.raises(OverflowError):
                ColorJitter.adjust_hue(np.full((1, 1, 3), 9.0), -0.1)
        compat.hue_shift_in_uint8()
        assert ColorJitter.adjust_hue is transforms._adjust_hue

    def test_leaves_a_repaired_host_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def repaired(img: np.ndarray, factor: float) -> np.ndarray:
            return transforms._adjust_hue(img, factor)

        monkeypatch.setattr(ColorJitter, 'adjust_hue', staticmethod(repaired))
        compat.hue_shift_in_uint8()
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
