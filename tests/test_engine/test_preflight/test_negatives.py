"""Batches that a contrastive loss learns nothing from."""

import pytest
import torch
from mmaction.models.losses import CrossEntropyLoss

from actionclip_mm.engine.preflight import view
from actionclip_mm.models.losses import VideoAllTextKLLoss, VideoTextBCELoss, VideoTextKLLoss

MIXED = [f'{number}.mp4 {number % 3}' for number in range(6)]
ONE = [f'{number}.mp4 1' for number in range(6)]
SORTED = [f'{number}.mp4 {number // 2}' for number in range(6)]


def run(runner, data, loss=None, batch=4, **options):
    options.setdefault('loader', dict(batch_size=batch))
    return runner(data, loss_cls=loss or VideoTextKLLoss(), **options)


def test_what_is_refused_has_no_gradient() -> None:
    """The reason for the refusals: one video, or one class, has a loss of 0."""
    for labels in ([0], [1, 1, 1]):
        video = torch.randn(len(labels), 8, requires_grad=True)
        text = torch.randn(len(labels), 8)
        loss = VideoTextKLLoss()(video, text, torch.tensor(1.0), torch.tensor(labels))
        if len(labels) == 1:
            loss.backward()
            assert loss.item() == 0 and video.grad.abs().max() == 0


@pytest.mark.parametrize('iterations', [None, 50])
def test_batch_1_on_one_process(refused, ask, runner, dataset, iterations) -> None:
    data = dataset(*MIXED)
    text = refused('negatives', run(runner, data, batch=1, iterations=iterations))
    assert 'one video with its own text only' in text and 'VideoAllTextKLLoss' in text
    for loss in (VideoAllTextKLLoss(), VideoTextBCELoss()):
        assert not ask('negatives', run(runner, data, loss, batch=1))


def test_processes_bring_negatives(ask, runner, dataset, monkeypatch) -> None:
    monkeypatch.setattr(view, 'get_world_size', lambda: 8)
    assert not ask('negatives', run(runner, dataset(*MIXED), batch=1))


def test_one_class(refused, runner, dataset) -> None:
    text = refused('negatives', run(runner, dataset(*ONE)))
    assert 'All 6 training videos have class 1' in text and 'VideoAllTextKLLoss' in text


def test_several_labels_that_share_a_class(refused, ask, runner, dataset) -> None:
    several = dataset('a.mp4 0 1', 'b.mp4 1 2', 'c.mp4 1', multi_class=True, num_classes=3)
    assert 'have class 1' in refused('negatives', run(runner, several, multi_class=True))
    other = dataset('a.mp4 0 1', 'b.mp4 1 2', 'c.mp4 2', multi_class=True, num_classes=3)
    assert not any(f.refused for f in ask('negatives', run(runner, other, multi_class=True)))


def test_a_sorted_list_that_is_not_shuffled(refused, ask, runner, dataset) -> None:
    data = dataset(*SORTED)
    text = refused('negatives', run(runner, data, batch=2, shuffle=False))
    assert 'About 100% of the steps train nothing' in text and 'shuffle' in text
    assert not ask('negatives', run(runner, dataset(*MIXED), batch=2, shuffle=False))


def test_small_batches_of_few_classes(warned, runner, dataset) -> None:
    assert 'About 33% of the steps' in warned('negatives', run(runner, dataset(*MIXED), batch=2))


def test_a_last_batch_of_one_video(warned, ask, runner, dataset) -> None:
    data = dataset(*(f'{number}.mp4 {number}' for number in range(5)))
    assert 'drop_last=True' in warned('negatives', run(runner, data))
    assert not ask('negatives', run(runner, data, loader=dict(batch_size=4, drop_last=True)))


def test_one_class_in_the_head(refused, warned, ask, runner, dataset) -> None:
    data = dataset('a.mp4 0', 'b.mp4 0')
    alone = run(runner, data, VideoAllTextKLLoss(), num_classes=1)
    assert 'The head has one class' in refused('one_class', alone)
    tested = runner(test=data, num_classes=1, loss_cls=VideoTextKLLoss())
    assert 'every prediction is right' in warned('one_class', tested, 'test')
    assert not ask('one_class', run(runner, data))


def test_accumulation(ask, warned, runner, dataset) -> None:
    cfg = dict(optim_wrapper=dict(accumulative_counts=2))
    text = warned('accumulated_batches', run(runner, dataset(*MIXED), cfg=cfg))
    assert 'each video is still compared with 3 others' in text
    many = dict(optim_wrapper=dict(accumulative_counts=99))
    other = run(runner, dataset(*MIXED), VideoAllTextKLLoss(), cfg=many)
    assert 'exceeds the 8 iterations' in warned('accumulated_batches', other)
    assert not ask('accumulated_batches', run(runner, dataset(*MIXED)))


def test_mixed_videos(refused, ask, runner, dataset) -> None:
    cfg = dict(model=dict(data_preprocessor=dict(blending=dict(type='MixupBlending'))))
    for loss in (VideoTextKLLoss(), VideoAllTextKLLoss()):
        text = refused('mixed_videos', run(runner, dataset(*MIXED), loss, cfg=cfg))
        assert 'blending=MixupBlending' in text and type(loss).__name__ in text
    host = run(runner, dataset(*MIXED), CrossEntropyLoss(), cfg=cfg)
    assert not ask('mixed_videos', host)  # mmaction2's own heads take mixtures
    assert not ask('mixed_videos', run(runner, dataset(*MIXED)))
