"""Training frames against the released rule, stated here as sets of allowed frames."""

import numpy as np
import pytest
from mmaction.registry import TRANSFORMS

from actionclip_mm.datasets.transforms import SegmentRandomSample, UnreadableVideo


def clips(length: int, frames: int, num_clips: int = 200, start_index: int = 0) -> np.ndarray:
    """[N, T]."""
    transform = SegmentRandomSample(frames, num_clips)
    results = transform(dict(total_frames=length, start_index=start_index))
    assert (results['num_clips'], results['clip_len']) == (num_clips, frames)
    return results['frame_inds'].reshape(num_clips, frames)


@pytest.mark.parametrize('frames', [1, 3, 8, 16])
@pytest.mark.parametrize('length', [17, 24, 31, 100])
def test_each_segment_gives_any_of_its_frames_and_no_other(frames: int, length: int) -> None:
    """Segment i holds the frames j with i·L/T <= j + (a part of a frame) < (i + 1)·L/T."""
    drawn = clips(length, frames, num_clips=600)
    ends = [index * length // frames for index in range(frames + 1)]
    for index in range(frames):
        segment = set(range(ends[index], ends[index + 1]))
        assert set(drawn[:, index].tolist()) == segment
    assert (np.diff(drawn, axis=1) > 0).all()  # no frame is shared, so none comes twice


@pytest.mark.parametrize('length', [1, 2, 5, 8])
def test_a_short_video_shows_all_its_frames_in_order(length: int) -> None:
    for clip in clips(length, 8):
        assert set(clip.tolist()) == set(range(length))
        assert (np.diff(clip) >= 0).all()
    repeats = {tuple(clip) for clip in clips(length, 8)}
    assert (len(repeats) == 1) is (length in (1, 8))


def test_mmaction2_shares_border_frames() -> None:
    """Why it is not used: with L = T + 1 a clip of UniformSample shows frames twice."""
    host = TRANSFORMS.build(dict(type='UniformSample', clip_len=8))
    twice = 0
    for _ in range(50):
        indices = host(dict(total_frames=17, start_index=0))['frame_inds']
        twice += len(set(indices.tolist())) < 8
    assert twice > 0


def test_counts_from_the_start_index_and_follows_the_seed() -> None:
    np.random.seed(3)
    plain = clips(50, 4, 5)
    np.random.seed(3)
    assert np.array_equal(clips(50, 4, 5, start_index=1), plain + 1)


def test_bad_input() -> None:
    for name, value in dict(clip_len=0, num_clips=1.5).items():
        with pytest.raises(ValueError, match=f'{name} must be a positive integer, got {value}'):
            SegmentRandomSample(**{'clip_len': 8, name: value})
    with pytest.raises(UnreadableVideo, match='it has 0 frames'):
        clips(0, 8)
