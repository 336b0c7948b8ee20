"""Frames of test videos against formulas that are written again here, in exact fractions."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from mmaction.registry import TRANSFORMS

from actionclip_mm.datasets.transforms import SegmentCentreSample, UnreadableVideo

LENGTHS = (1, 2, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 75, 250, 299, 300, 301, 1000)


def chosen(transform, length, start_index=0):
    """Frames by view, [N, T]."""
    results = transform(dict(total_frames=length, start_index=start_index))
    assert results['frame_inds'].dtype == np.int32
    return results['frame_inds'].reshape(results['num_clips'], results['clip_len'])


@pytest.mark.parametrize('frames', [8, 16, 32])
@pytest.mark.parametrize('length', LENGTHS)
def test_single_view_is_the_centre_of_each_segment(frames, length):
    """(L/T - 1)/2 + iL/T, cut to whole frames; a short video repeats frames."""
    tick = Fraction(length, frames)
    centre = max(tick - 1, Fraction(0)) / 2
    expected = [floor(centre + tick * i) for i in range(frames)]
    assert chosen(SegmentCentreSample(frames), length).tolist() == [expected]
    assert min(expected) >= 0 and max(expected) < length


def released(length, frames):
    """The rule of the released test code, case by case, in its own floating-point numbers."""
    if frames == 1:
        return [length // 2]
    if length <= frames:
        return [i * length // frames for i in range(frames)]
    offset = (length / frames - 1) / 2
    return [int(i * length / frames + offset) for i in range(frames)]


@pytest.mark.parametrize('frames', [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64])
def test_single_view_is_that_of_the_released_code(frames):
    """Every length to 600 frames and some long ones; T = 1 is frame L // 2."""
    transform = SegmentCentreSample(frames)
    for length in (*range(1, 601), 999, 1000, 1001, 2997, 5000, 9001, 54321):
        assert transform._get_sample_clips(length).tolist() == released(length, frames), length


@pytest.mark.parametrize('frames', [8, 16, 32])
@pytest.mark.parametrize('length', LENGTHS)
def test_ten_views_start_evenly_spaced(frames, length):
    tick = Fraction(length, frames)
    views = chosen(SegmentCentreSample(frames, num_clips=10), length)
    assert views.shape == (10, frames)
    for view in range(10):
        start = max(tick - 1, Fraction(0)) * view / 9
        assert views[view].tolist() == [floor(start + tick * i) for i in range(frames)]
    assert views.min() == 0 and views.max() < length
    assert (np.diff(views, axis=0) >= 0).all() and (np.diff(views, axis=1) >= 0).all()
    if length >= frames:
        assert views[-1, -1] == length - 1  # the first and the last frame are seen


@pytest.mark.parametrize('length', [20, 257])
def test_the_middle_one_of_an_odd_number_of_views_is_the_single_view(length):
    views = chosen(SegmentCentreSample(8, num_clips=5), length)
    assert views[2].tolist() == chosen(SegmentCentreSample(8), length)[0].tolist()


@pytest.mark.parametrize('num_clips', [1, 10])
def test_one_frame_is_shown_again_and_again(num_clips):
    assert not chosen(SegmentCentreSample(8, num_clips), 1).any()


def test_extracted_frames_count_from_one():
    plain, shifted = (chosen(SegmentCentreSample(8, 3), 99, start) for start in (0, 1))
    assert (shifted == plain + 1).all()


def test_built_by_its_name_like_the_transforms_of_the_host():
    transform = TRANSFORMS.build(dict(type='SegmentCentreSample', clip_len=4))
    assert chosen(transform, 8).tolist() == [[0, 2, 4, 6]]


@pytest.mark.parametrize('wrong', [dict(clip_len=0), dict(clip_len=8, num_clips=1.5)])
def test_sizes_are_whole_numbers(wrong):
    with pytest.raises(ValueError, match='must be a positive integer, got'):
        SegmentCentreSample(**wrong)


def test_a_video_without_frames_is_unreadable():
    with pytest.raises(UnreadableVideo, match='it has 0 frames'):
        chosen(SegmentCentreSample(8), 0)


@pytest.mark.parametrize('frames', [8, 16, 32])
@pytest.mark.parametrize('num_clips', [1, 10])
def test_the_frames_of_the_host(frames, num_clips):
    """UniformSample as docs/multi_view.md writes it: round(si) + int(s (k + 1)/(N + 1))."""
    host = TRANSFORMS.build(
        dict(type='UniformSample', clip_len=frames, num_clips=num_clips, test_mode=True)
    )
    for length in LENGTHS:
        step = Fraction(length - 1, frames)
        expected = [
            [round(step * i) + floor(step * (view + 1) / (num_clips + 1)) for i in range(frames)]
            for view in range(num_clips)
        ]
        found = chosen(host, length)
        assert found.tolist() == expected
        assert found.max() < length


@pytest.mark.parametrize('frames', [8, 16, 32])
def test_the_single_view_of_the_host_is_at_most_one_frame_away(frames):
    """And exactly the same in few videos, which is why our test pipelines do not use it."""
    host = TRANSFORMS.build(dict(type='UniformSample', clip_len=frames, test_mode=True))
    ours = SegmentCentreSample(frames)
    apart = [chosen(host, length) - chosen(ours, length) for length in range(150, 301)]
    assert max(np.abs(clip).max() for clip in apart) == 1
    assert 0.30 < np.mean(np.abs(apart)) < 0.35
    assert np.mean([not clip.any() for clip in apart]) < 0.07
