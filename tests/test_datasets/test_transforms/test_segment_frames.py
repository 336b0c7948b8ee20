"""Samplers stay within a segment, also on real files."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmaction.registry import TRANSFORMS
from mmcv.transforms import Compose

from actionclip_mm.datasets import UnreadableVideo


@pytest.fixture
def confine():
    """Function: first frame and number of frames of a segment of a video of 100 frames."""
    transform = TRANSFORMS.build(dict(type='SegmentFrames'))

    def run(start, end, fps=10.0, total=100, start_index=0):
        results = dict(
            segment=(start, end), avg_fps=fps, total_frames=total, start_index=start_index
        )
        results = transform(results)
        return results['start_index'], results['total_frames']

    return run


@pytest.mark.parametrize(
    ('segment', 'expected'),
    [
        ((0.0, 10.0), (0, 100)),
        ((2.0, 3.0), (20, 10)),  # frame 30 begins where the segment ends
        ((2.05, 3.01), (20, 11)),  # frame 20 is still seen, frame 30 already
        ((2.0, 2.001), (20, 1)),
        ((9.0, 12.5), (90, 10)),
        ((9.99, math.inf), (99, 1)),
        ((0.7, 0.8), (7, 1)),  # 0.7 * 10 is 7.000000000000001 in some orders of terms
    ],
)
def test_frames_shown_in_a_segment(confine, segment, expected):
    assert confine(*segment) == expected


def test_a_time_that_is_not_a_binary_fraction(confine):
    assert confine(0.29, 0.3, fps=100) == (29, 1)  # 0.29 * 100 is 28.999999999999996


def test_numbers_of_raw_frames_are_kept(confine):
    assert confine(2.0, 3.0, start_index=1) == (21, 10)


def test_refuses(confine):
    with pytest.raises(UnreadableVideo, match='begins at 10.0 s, and the video ends at 10.00 s'):
        confine(10.0, 12.0)
    with pytest.raises(UnreadableVideo, match='frame rate of 0'):
        confine(1.0, 2.0, fps=0)
    with pytest.raises(ValueError, match='lacks segment and avg_fps: use VideoSegmentDataset'):
        TRANSFORMS.build(dict(type='SegmentFrames'))(dict(total_frames=3, start_index=0))


SAMPLERS = [
    dict(type='UniformSample', clip_len=4),
    dict(type='UniformSample', clip_len=4, num_clips=3, test_mode=True),
    dict(type='SegmentCentreSample', clip_len=4, num_clips=2),
    dict(type='SampleFrames', clip_len=4, frame_interval=2, num_clips=2),
    dict(type='DenseSampleFrames', clip_len=4, frame_interval=1, num_clips=2),
]


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(SAMPLERS), st.floats(0, 9.9), st.floats(0.01, 20), st.integers(0, 1))
def test_samplers_choose_within_the_segment(sampler, start, length, start_index):
    pipeline = Compose([dict(type='SegmentFrames'), sampler])
    results = dict(
        segment=(start, start + length), avg_fps=10.0, total_frames=100, start_index=start_index
    )
    chosen = pipeline(results)['frame_inds'] - start_index
    assert chosen.min() >= math.floor(round(start * 10, 6))
    assert chosen.max() < min(math.ceil(round((start + length) * 10, 6)), 100)


def test_on_a_file(tmp_path, write_video):
    """Frame i of the video is grey of 20 i."""
    frames = np.arange(12)[:, None, None, None] * np.full((1, 32, 32, 3), 20)
    path = write_video(tmp_path / 'grey.mp4', frames, fps=4)
    pipeline = Compose(
        [
            dict(type='VideoInit'),
            dict(type='SegmentFrames'),
            dict(type='SegmentCentreSample', clip_len=4),
            dict(type='VideoDecode'),
        ]
    )
    results = pipeline(dict(filename=str(path), segment=(1.0, 2.0), start_index=0))
    shades = [round(frame.mean() / 20) for frame in results['imgs']]
    assert shades == [4, 5, 6, 7]
