"""Lists of videos; unreadable ones are replaced by others of their class in training."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.datasets import VideoDataset
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset, pseudo_collate
from torch.utils.data import DataLoader

from actionclip_mm.datasets import TooManyBadVideos
from actionclip_mm.engine.preflight.labels import check_labels

GOOD = [f'good {index}.mp4 {index % 2}' for index in range(6)]


@pytest.mark.parametrize('test_mode', [False, True])
@pytest.mark.parametrize('serialize_data', [False, True])
def test_good_videos_are_those_of_the_host(
    build: Callable, videos: Path, pipeline: list, test_mode: bool, serialize_data: bool
) -> None:
    options = dict(test_mode=test_mode, serialize_data=serialize_data)
    ours = build(*GOOD, **options)
    no_spaces = Path(ours.ann_file).with_name('host.txt')
    no_spaces.write_text(Path(ours.ann_file).read_text().replace('good ', 'good_'))
    hosts = VideoDataset(str(no_spaces), pipeline, dict(video=str(videos)), **options)
    assert len(ours) == len(hosts) == 6
    for index in range(6):
        expected = hosts.get_data_info(index)
        expected['filename'] = expected['filename'].replace('good_', 'good ')
        assert ours.get_data_info(index) == expected
        sample, wanted = ours[index], hosts.pipeline(expected)
        assert torch.equal(sample['inputs'], wanted['inputs'])
        assert sample['data_samples'].gt_label == wanted['data_samples'].gt_label
        assert sample['data_samples'].sample_idx == index
        assert sample['data_samples'].filename == str(videos / f'good {index}.mp4')
        assert 'undecodable' not in sample['data_samples']


def test_in_training_another_of_its_class_is_drawn(
    build: Callable, broken: str, log: Callable
) -> None:
    data = build(*GOOD, f'{broken} 1')
    drawn = [data[6]['data_samples'] for _ in range(20)]
    assert {int(sample.gt_label) for sample in drawn} == {1}
    assert {sample.sample_idx for sample in drawn} == {1, 3, 5}
    (line,) = [line for line in log().splitlines() if broken in line]  # tried once, said once
    assert 'ERROR' in line
    assert '1 of 7 videos of' in line


def test_the_draw_follows_the_seed_of_the_worker(build: Callable) -> None:
    data = build(*GOOD, 'text.mp4 1')

    def draws(seed: int) -> list[int]:
        np.random.seed(seed)
        return [data[6]['data_samples'].sample_idx for _ in range(10)]

    first = draws(0)
    assert draws(0) == first != draws(1)


@pytest.mark.parametrize('line', [6, 7, 8])
def test_known_bad_videos_do_not_change_the_sample(build: Callable, line: int) -> None:
    """A resumed run and another worker draw the same."""

    def draw(results: dict) -> dict:
        results['total_frames'] += np.random.randint(1000)
        if 'bad' in results['filename']:  # after random numbers were drawn
            raise OSError('damaged')
        seen.append(results['total_frames'])
        return results

    def drawn(known: list[int]) -> list[tuple[int, int]]:
        data = build(*GOOD, 'bad 0.mp4 0', 'bad 1.mp4 0', 'bad 2.mp4 3', max_bad_ratio=1)
        data.pipeline.transforms[:2] = [lambda results: {**results, 'total_frames': 0}, draw]
        del data.pipeline.transforms[2:]
        data._pipeline_works = True
        for index in known:
            data.bad.mark(index)
        samples = []
        for epoch in range(20):
            data.set_epoch(3, epoch)
            samples.append((data[line]['sample_idx'], seen[-1]))
        return samples

    seen: list[int] = []
    first = drawn([])
    assert len(set(first)) > 10
    assert all(drawn(known) == first for known in ([6], [7], [8], [6, 7, 8]))


def test_a_transient_error_does_not_change_the_sample(build: Callable) -> None:
    def draw(results: dict) -> dict:
        results['drawn'] = np.random.random()
        if next(fails, False):
            raise OSError('a hiccup of the network')
        return results

    data = build(*GOOD)
    data.pipeline.transforms[:] = [draw]
    data.set_epoch(3, 0)
    fails = iter([False, True, False])
    assert data[2]['drawn'] == data[2]['drawn']
    assert next(fails, None) is None  # it failed indeed


def test_several_labels_one_shared(build: Callable) -> None:
    lines = ['good 0.mp4 0 1', 'good 1.mp4 2', 'good 2.mp4 3 1', 'good 3.mp4', 'text.mp4 1 4']
    data = build(*lines, multi_class=True, num_classes=5)
    assert {data[4]['data_samples'].sample_idx for _ in range(20)} == {0, 2}
    assert data[3]['data_samples'].gt_label.tolist() == [0] * 5
    assert data[2]['data_samples'].gt_label.tolist() == [0, 1, 0, 1, 0]


def test_unlabelled_ones_replace_unlabelled_ones(build: Callable) -> None:
    lines = ['good 0.mp4 0', 'good 1.mp4', 'good 2.mp4', 'text.mp4']
    data = build(*lines, multi_class=True, num_classes=5)
    assert {data[3]['data_samples'].sample_idx for _ in range(20)} == {1, 2}


def test_any_video_if_none_shares_a_label(build: Callable, log: Callable) -> None:
    data = build('good 0.mp4 0', 'good 1.mp4 1', 'text.mp4 2')
    assert {data[2]['data_samples'].sample_idx for _ in range(20)} == {0, 1}
    assert 'no other video shares a label with it' in log()


def test_a_transient_error_is_not_a_bad_video(build: Callable, log: Callable) -> None:
    fails = iter([True, False, True, False])

    def now_and_then(results: dict) -> dict:
        if next(fails):
            raise OSError('a hiccup of the network')
        return results

    data = build(*GOOD)
    data.pipeline.transforms.insert(0, now_and_then)
    assert [data[index]['data_samples'].sample_idx for index in (0, 1)] == [0, 1]
    assert data.bad.count == 0
    assert 'hiccup' not in log()


def test_none_is_an_unreadable_video(build: Callable, log: Callable) -> None:
    data = build(*GOOD)
    data.pipeline.transforms.insert(
        0, lambda results: None if results['sample_idx'] == 1 else results
    )
    assert data[0]['data_samples'].sample_idx == 0  # so the pipeline works
    assert data[1]['data_samples'].sample_idx in (3, 5)
    assert 'good 1.mp4: the pipeline returned None' in log()


@pytest.mark.parametrize(
    ('good', 'ratio', 'allowed'), [(2, 0, 0), (2, 0.01, 1), (6, 0.25, 2), (6, 0.39, 3)]
)
def test_too_many_bad_videos_stop(
    build: Callable, good: int, ratio: float, allowed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than the ratio, and more than one; with a ratio of 0 the first one."""
    monkeypatch.setattr(np.random, 'permutation', lambda lines: lines)  # good ones come first
    bad = [f'missing {index}.mp4 0' for index in range(4)]
    data = build(*GOOD[:good], *bad, max_bad_ratio=ratio)
    for index in range(allowed):
        data[good + index], data[good + index]  # known ones are not counted again
    with pytest.raises(TooManyBadVideos) as error:
        data[good + allowed]
    message = str(error.value)
    assert message.startswith(
        f'{allowed + 1} of {good + 4} videos of {data.ann_file} cannot be read and '
        f'max_bad_ratio={ratio} allows {allowed}: repair these files'
    )
    for index in range(4):
        assert (f'missing {index}.mp4' in message) == (index <= allowed)
    assert 'there is no' in str(error.value.__cause__)


def test_no_video_at_all(build: Callable) -> None:
    data = build('missing.mp4 0', 'text.mp4 1', max_bad_ratio=1)
    with pytest.raises(TooManyBadVideos, match='No video of .*list.txt can be read'):
        data[0]


def test_lines_of_the_same_video_count_once(build: Callable) -> None:
    data = build(*GOOD, 'missing.mp4 0', 'missing.mp4 1', 'missing.mp4 0')
    for index in (6, 7, 8):
        assert data[index]['data_samples'].sample_idx < 6
    assert (data.bad.count, data.bad.total, data.bad.lines()) == (1, 7, [6])


def test_workers_count_together(build: Callable) -> None:
    """Four bad videos, met by two workers that each may meet three, are too many."""
    data = build(*GOOD, *(f'missing {index}.mp4 0' for index in range(4)), max_bad_ratio=0.3)
    batches = iter(DataLoader(data, batch_size=1, num_workers=2, collate_fn=pseudo_collate))
    errors = []
    batch = True
    while batch:  # to the end, for workers that are left alone take seconds to stop
        try:
            batch = next(batches, None)
        except TooManyBadVideos as error:
            errors.append(str(error))
    assert errors
    assert '4 of 10 videos' in errors[-1]
    assert all(f'missing {index}.mp4' in errors[-1] for index in range(4))
    assert data.bad.count == 4  # the main process knows too


@pytest.mark.parametrize('line', ['/etc/passwd 0', '../secret.mp4 0', 'a/../../secret.mp4 0'])
def test_paths_stay_in_the_folder(build: Callable, videos: Path, line: str) -> None:
    with pytest.raises(ValueError, match='Line 2 of .*outside of the data_prefix'):
        build(GOOD[0], line)
    assert len(build(GOOD[0], line, allow_outside=True)) == 2
    inside = build(f'{videos}/{GOOD[0]}')
    assert inside[0]['data_samples'].filename == str(videos / 'good 0.mp4')


@pytest.mark.parametrize(
    ('options', 'error', 'message'),
    [
        (dict(max_bad_ratio=2), ValueError, 'must be in .0, 1., got'),
        (dict(max_refetch=5), ValueError, 'no max_refetch: remove it'),
        (dict(filter_cfg=dict(min=3)), ValueError, 'no filter_cfg: remove it'),
        (dict(multi_class=True), ValueError, 'set num_classes'),
        (dict(multi_class=True, num_classes=1), ValueError, 'Line 2 .*label 1 but num_classes=1'),
        (dict(data_prefix=dict(img='x')), ValueError, "no 'video'"),
        (dict(data_prefix=dict(video='nowhere')), FileNotFoundError, "No such folder: 'nowhere'"),
    ],
)
def test_refuses(build: Callable, options: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        build(*GOOD, **options)


@pytest.mark.parametrize('serialize_data', [False, True])
def test_subsets_and_wrappers(build: Callable, serialize_data: bool) -> None:
    options = dict(serialize_data=serialize_data)
    lines = [*GOOD, 'text.mp4 1']
    data = build(*lines, indices=[6, 1, 0], **options)
    assert [data[index]['data_samples'].sample_idx for index in range(3)] == [1, 1, 2]
    subset = build(*lines, **options).get_subset([3, 6, 0])
    assert subset[1]['data_samples'].filename.endswith('good 3.mp4')
    subset.get_subset_(-2)
    assert subset[0]['data_samples'].filename.endswith('good 0.mp4')

    data = build(*lines, **options)
    assert [data.get_cat_ids(index) for index in (0, 6)] == [[0], [1]]
    repeated = RepeatDataset(data, times=2)
    assert repeated[13]['data_samples'].gt_label == 1
    both = ConcatDataset([data, build(*GOOD)])
    assert both[8]['data_samples'].sample_idx == 1
    balanced = ClassBalancedDataset(build('good 0.mp4 0', *['good 1.mp4 1'] * 9), 0.5)
    assert len(balanced) == 12  # the rare one ceil(sqrt(0.5 / 0.1)) times


def test_the_labels_are_compared_with_the_head(build: Callable) -> None:
    """Unlabelled lines of multi-label lists are fine; -1 where there must be a label is not."""
    several = build('good 0.mp4 0 3', 'good 1.mp4', multi_class=True, num_classes=4)
    check_labels(several, 4, multi_class=True)
    with pytest.raises(ValueError, match='num_classes=4 but the head has 5'):
        check_labels(several, 5, multi_class=True)
    with pytest.raises(ValueError, match='several labels but cls_head.multi_class=False'):
        check_labels(several, 4)
    single = build('good 0.mp4 0', 'good 1.mp4 -1', 'good 2.mp4 4')
    with pytest.raises(ValueError, match='good 1.mp4. .2 of 3 in .* has label -1'):
        check_labels(single, 4)
    with pytest.raises(ValueError, match='good 2.mp4. .3 of 3 in .* has label 4'):
        check_labels(single, 4, may_lack_labels=True)
