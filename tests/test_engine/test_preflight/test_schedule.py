"""Schedules and learning rates that do not belong to the run."""

import re

import pytest

LINES = [f'{number}.mp4 {number % 3}' for number in range(6)]
WARM_UP = dict(type='LinearLR', start_factor=0.01, end=1)
COSINE = dict(type='CosineAnnealingLR', begin=1, end=4)


@pytest.mark.parametrize(
    ('schedulers', 'text'),
    [
        ([WARM_UP | dict(end=5)], 'warm-up of 5 epochs and the run has 4'),
        ([WARM_UP, COSINE | dict(end=9)], r'\[1\] \(CosineAnnealingLR\) ends at epoch 9 but .* 4'),
        ([WARM_UP, COSINE | dict(end=2)], 'ends at epoch 2 of 4, .* for the last 50% of the run'),
        ([dict(type='CosineAnnealingLR', T_max=2, end=4)], 'T_max=2 and lasts 4 epochs'),
        ([dict(type='MultiStepLR', milestones=[10, 20])], 'none of its milestones'),
        ([COSINE | dict(begin=6, end=9)], 'no effect: it begins at epoch 6'),
        ([COSINE | dict(by_epoch=False, end=4)], 'ends at iteration 4 of 12'),
    ],
)
def test_another_length_than_the_run(ask, runner, dataset, schedulers, text) -> None:
    found = ask('schedule_length', runner(dataset(*LINES), schedulers=schedulers))
    assert found and not any(finding.refused for finding in found)
    assert re.search(text, ' '.join(finding.text for finding in found))


@pytest.mark.parametrize(
    'schedulers',
    [
        None,
        [WARM_UP],
        [WARM_UP, COSINE],
        dict(type='CosineAnnealingLR', T_max=4),
        [dict(type='MultiStepLR', milestones=[2, 3, 10])],
        dict(backbone=[WARM_UP, COSINE], head=[COSINE]),
    ],
)
def test_what_fits(ask, runner, dataset, schedulers) -> None:
    assert not ask('schedule_length', runner(dataset(*LINES), schedulers=schedulers))


def test_epochs_in_a_loop_of_iterations(refused, runner, dataset) -> None:
    run = runner(dataset(*LINES), schedulers=[WARM_UP], iterations=100)
    assert 'would never step: set by_epoch=False' in refused('schedule_length', run)


def test_epochs_that_become_iterations(ask, warned, runner, dataset) -> None:
    """mmengine counts passes through the loader, here of 3 batches; a missing end is one pass."""
    by_iteration = [part | dict(convert_to_iter_based=True) for part in (WARM_UP, COSINE)]
    assert not ask(
        'schedule_length', runner(dataset(*LINES), schedulers=by_iteration, iterations=12)
    )
    run = runner(dataset(*LINES), schedulers=by_iteration, iterations=24)
    assert 'ends at epoch 4 of 8' in warned('schedule_length', run)
    run = runner(
        dataset(*LINES), iterations=12,
        schedulers=dict(type='CosineAnnealingLR', T_max=4, convert_to_iter_based=True),
    )  # fmt: skip
    assert 'ends at epoch 1 of 4' in warned('schedule_length', run)


def test_learning_rate_of_another_batch(refused, warned, ask, runner, dataset) -> None:
    def run(**scale: object):
        return runner(dataset(*LINES), cfg=dict(auto_scale_lr=scale))

    text = warned('learning_rate_of_batch', run(enable=False, base_batch_size=128))
    assert 'batches of 128 videos, and this run has 2' in text
    assert 'base_batch_size' in refused('learning_rate_of_batch', run(enable=True))
    assert not ask('learning_rate_of_batch', run(enable=True, base_batch_size=128))
    assert not ask('learning_rate_of_batch', run(enable=False, base_batch_size=4))
