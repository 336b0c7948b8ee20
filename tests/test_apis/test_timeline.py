"""Long videos: equal to window-by-window prediction, segments, files."""

import csv
import json
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from mmaction.registry import MODELS

from actionclip_mm import ActionCLIPInferencer
from actionclip_mm.apis.annotated_video import write_annotated
from actionclip_mm.apis.timeline import Segment, Timeline, Window, segments_of
from actionclip_mm.apis.video_reading import VideoError, default_pipeline
from actionclip_mm.decoding.streaming import frames_at_rate
from actionclip_mm.utils.carried_files import carried

LABELS = ['one', 'two', 'three']
T = 4


def recognizer(arch, neck='TransfPrompt', prompt=None):
    return MODELS.build(
        dict(
            type='CLIPRecognizer',
            backbone=dict(type='CLIPImageEncoder', arch=arch, visual_prompt=prompt),
            neck=dict(type=neck, in_channels=32),
            cls_head=dict(
                type='VideoTextHead',
                in_channels=32,
                label_encoder=dict(type='TextPromptLabelEncoder', labels=LABELS, arch=arch),
            ),
        )
    )


@pytest.fixture
def video(write_video, tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (40, 40, 48, 3))
    return str(write_video(tmp_path / 'noise.mp4', frames, fps=10))


@pytest.mark.parametrize(
    'neck, prompt',
    [
        ('MeanPPrompt', None),
        ('TransfPrompt', None),
        ('LSTMPrompt', None),
        ('MeanPPrompt', dict(type='ShiftPrompt')),
        ('MeanPPrompt', dict(type='JointPrompt', num_frames=T)),
    ],
)
@pytest.mark.parametrize('three_crops', [False, True])
def test_scores_are_those_of_each_window_as_a_video(tiny_arch, video, neck, prompt, three_crops):
    pipeline = default_pipeline((32, 32), T)
    if three_crops:
        pipeline[3:5] = [
            dict(type='Resize', scale=(np.inf, 32)),
            dict(type='ThreeCrop', crop_size=32),
        ]
    inferencer = ActionCLIPInferencer(recognizer(tiny_arch, neck, prompt), pipeline, device='cpu')
    timeline = inferencer.timeline(video, window=1.0, stride=0.5, none_of_these=True)
    images = [frame.image for frame in frames_at_rate(video, T)]
    assert len(images) == 16 and len(timeline.windows) == 7
    for number, window in enumerate(timeline.windows):
        start = 2 * number
        assert (window.start, window.end) == (start / T, start / T + 1)
        alone = inferencer(np.stack(images[start : start + T]), none_of_these=True)
        expected = [*alone.scores, alone.none_of_these]
        np.testing.assert_allclose(window.scores, expected, rtol=0, atol=1e-5)


def test_each_frame_is_encoded_once(tiny_arch, video):
    model = recognizer(tiny_arch)
    inferencer = ActionCLIPInferencer(model, default_pipeline((32, 32), T), device='cpu')
    seen = []
    model.backbone.visual.register_forward_hook(lambda _, args, __: seen.append(len(args[0])))
    inferencer.timeline(video, window=1.0, stride=0.25)
    assert sum(seen) == 16


@pytest.mark.parametrize('count', [1, 3, 5, 6])
def test_short_videos_and_what_is_left_at_the_end(tiny_arch, count):
    inferencer = ActionCLIPInferencer(
        recognizer(tiny_arch), default_pipeline((32, 32), T), device='cpu'
    )
    frames = np.random.default_rng(0).integers(0, 255, (count, 40, 48, 3), dtype=np.uint8)
    timeline = inferencer.timeline(iter(frames), window=1.0, stride=1.0)
    alone = inferencer(frames if count < T else frames[-T:])
    np.testing.assert_allclose(timeline.windows[-1].scores, alone.scores, atol=1e-5)
    assert timeline.seconds == count / T and timeline.segments[-1].end == count / T


def test_bad_calls(tiny_arch, video, tmp_path):
    inferencer = ActionCLIPInferencer(
        recognizer(tiny_arch), default_pipeline((32, 32), T), device='cpu'
    )
    with pytest.raises(ValueError, match='window must be a positive number of seconds, got 0'):
        inferencer.timeline(video, window=0)
    with pytest.raises(ValueError, match=r'stride must be positive and at most window=1, got 2'):
        inferencer.timeline(video, window=1, stride=2)
    with pytest.raises(VideoError, match='there is no such file'):
        inferencer.timeline(tmp_path / 'missing.mp4')


def windows_of(*labels, width=2, stride=1):
    """Windows that are certain of a label each."""
    return [
        Window(k * stride, k * stride + width, np.eye(3)[label] * 0.8 + 0.1)
        for k, label in enumerate(labels)
    ]


def test_segments_cover_the_video_and_join_equal_labels():
    segments = segments_of(windows_of(0, 0, 0, 1, 1, 2), LABELS, 0.0, 0.0)
    assert [s.label for s in segments] == ['one', 'two', 'three']
    assert segments[0].start == 0 and segments[-1].end == 7
    assert all(a.end == b.start for a, b in pairwise(segments))


def test_a_threshold_and_neutral_sentences_give_none_of_these():
    (segment,) = segments_of(windows_of(0, 0), LABELS, 0.95, 0.0)
    assert segment.label == 'none of these'
    (segment,) = segments_of(windows_of(2, 2), LABELS[:2], 0.0, 0.0)
    assert segment.label == 'none of these' and segment.score == pytest.approx(0.9)


def test_short_segments_take_the_label_of_a_neighbour():
    windows = windows_of(0, 0, 0, 1, 0, 0, 0, width=1)
    assert len(segments_of(windows, LABELS, 0.0, 0.0)) == 3
    (segment,) = segments_of(windows, LABELS, 0.0, 1.5)
    assert (segment.start, segment.end, segment.label) == (0, 7, 'one')
    assert segment.score == pytest.approx(0.9)  # without the part of the other label


@pytest.fixture
def timeline():
    segments = (
        Segment(0.0, 61.25, 'a "quoted", label', 0.9),
        Segment(61.25, 62.0, 'none of these', 0.5),
        Segment(62.0, 3700.0, '翻煎饼', 0.75),
    )
    windows = tuple(Window(k, k + 4, np.array([0.7, 0.2, 0.1])) for k in range(0, 3697, 400))
    return Timeline('v.mp4', ('a "quoted", label', '翻煎饼'), windows, segments)


def test_files(timeline, tmp_path):
    for suffix in ('json', 'csv', 'srt', 'png', 'svg'):
        timeline.write(tmp_path / f't.{suffix}')
    content = json.loads((tmp_path / 't.json').read_text())
    assert content['segments'][2] == dict(start=62.0, end=3700.0, label='翻煎饼', score=0.75)
    rows = list(csv.DictReader((tmp_path / 't.csv').open()))
    assert rows[0]['label'] == 'a "quoted", label' and rows[2]['end'] == '3700.000'
    srt = (tmp_path / 't.srt').read_text()
    assert '2\n00:01:02,000 --> 01:01:40,000\n翻煎饼 (75 %)' in srt and 'none' not in srt
    assert timeline.table().splitlines()[0] == '0:00:00.0 - 0:01:01.2   0.900  a "quoted", label'
    assert (tmp_path / 't.png').stat().st_size > 5000
    with pytest.raises(ValueError, match='unsupported suffix: use .json, .csv, .srt'):
        timeline.write(tmp_path / 't.txt')


def test_ten_known_segments_of_mini_clips(tmp_path, write_video):
    """Boundaries within a stride, all labels right, with the shipped mini CLIP."""
    samples = Path(carried('data/mini_clip/samples'))
    labels = (samples / 'labels.txt').read_text().split('\n')[:12]
    clips = {}
    for path in sorted(samples.glob('*.mp4')):
        with av.open(str(path)) as container:
            clips[path.stem.replace('_', ' ')] = [
                frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)
            ]
    rng = np.random.default_rng(0)
    frames, truth = [], []
    for number in range(10):
        name = sorted(clips)[(number + number // 4) % len(clips)]
        start = len(frames) / 8
        frames += clips[name] * int(rng.integers(2, 4))
        truth.append((start, len(frames) / 8, name))
    path = str(write_video(tmp_path / 'long.mp4', np.stack(frames), fps=8))
    inferencer = ActionCLIPInferencer('mini', labels=labels)
    timeline = inferencer.timeline(path, window=2.0, stride=0.5, min_seconds=2.0)
    assert [s.label for s in timeline.segments] == [name for _, _, name in truth]
    for segment, (start, _, _) in zip(timeline.segments, truth, strict=True):
        assert abs(segment.start - start) <= 0.5
    target = tmp_path / 'annotated.mp4'
    write_annotated(timeline, target, rate=4)
    with av.open(str(target)) as container:
        pictures = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    assert len(pictures) == pytest.approx(4 * timeline.seconds, abs=2)
    assert pictures[0].shape[0] > pictures[0].shape[1] == 256  # enlarged, with a bar of text
    assert pictures[0][-28:].max() > 200 and not list(tmp_path.glob('.*'))
    with pytest.raises(ValueError, match='is the video itself'):
        write_annotated(timeline, path)


def test_memory_does_not_grow_with_the_video(tiny_arch):
    inferencer = ActionCLIPInferencer(
        recognizer(tiny_arch), default_pipeline((32, 32), T), device='cpu'
    )
    alive = []

    def frames(count):
        for _ in range(count):
            frame = np.zeros((48, 48, 3), np.uint8)
            alive.append(__import__('weakref').ref(frame))
            yield frame

    inferencer.timeline(frames(300), window=1.0, stride=1.0)
    assert sum(reference() is not None for reference in alive) < 5
    assert torch.is_grad_enabled()
