"""Unreadable videos in testing are black and marked; pipeline errors are not blamed on them."""

from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = [f'good {index}.mp4 {index % 2}' for index in range(6)]


def test_a_broken_pipeline_is_not_blamed_on_videos(build: Callable, pipeline: list) -> None:
    class Wrong:
        def __call__(self, results: dict) -> dict:
            raise TypeError('unsupported operand')

    for test_mode in (False, True):
        data = build(*GOOD, test_mode=test_mode)
        data.pipeline.transforms.insert(3, Wrong())
        with pytest.raises(RuntimeError, match='black video too .TypeError: unsupp.*fix the pipe'):
            data[0]
    data = build(*GOOD, pipeline=pipeline[1:])  # nothing opens the file
    with pytest.raises(RuntimeError, match='KeyError.*total_frames.*fix the pipeline') as error:
        data[0]
    assert isinstance(error.value.__cause__.__cause__, KeyError)


def test_in_testing_it_is_black_and_marked(build: Callable, videos: Path, broken: str) -> None:
    data = build('good 1.mp4 1', f'{broken} 2', test_mode=True)
    sample = data[1]
    good = data[0]
    assert sample['inputs'].shape == good['inputs'].shape
    assert sample['inputs'].dtype == good['inputs'].dtype
    assert sample['inputs'].float().mean() < 2
    sample = sample['data_samples']
    assert (int(sample.gt_label), sample.sample_idx) == (2, 1)
    assert sample.filename == str(videos / broken)
    assert sample.undecodable
    assert '\n' not in sample.undecodable
    assert str(videos) not in sample.undecodable  # said once, by the file name
    assert 'undecodable' not in good['data_samples']


def test_testing_never_stops_and_never_replaces(build: Callable) -> None:
    data = build(*(f'missing {index}.mp4 0' for index in range(5)), test_mode=True)
    samples = [data[index]['data_samples'] for index in range(5)]
    assert [sample.sample_idx for sample in samples] == list(range(5))
    assert all('there is no' in sample.undecodable for sample in samples)


def test_repeated_videos_of_a_test_list_are_reported(build: Callable, log: Callable) -> None:
    assert len(build('good 0.mp4 0', 'good 1.mp4 1', 'good 0.mp4 0', test_mode=True)) == 3
    assert 'lists 1 videos more than once' in log()


def test_a_real_damaged_video(build: Callable, pipeline: list, log: Callable) -> None:
    """With decord alone, which cannot read it at all."""
    damaged = Path(__file__).resolve().parents[3] / 'shared' / 'videos' / 'corrupted.mp4'
    if not damaged.is_file():
        pytest.skip('the real videos are not here')
    pipeline[0], pipeline[2] = dict(type='VideoInit', decoders='decord'), dict(type='VideoDecode')
    options = dict(data_prefix=dict(video=str(damaged.parent)), pipeline=pipeline)
    lines = ['arm_wrestling.mp4 0', 'corrupted.mp4 0']
    assert build(*lines, **options)[1]['data_samples'].sample_idx == 0
    assert 'corrupted.mp4: ' in log()
    sample = build(*lines, test_mode=True, **options)[1]
    assert sample['data_samples'].undecodable
    assert sample['inputs'].max() == 0
