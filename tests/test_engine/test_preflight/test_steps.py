"""Loops that would do nothing are refused with the numbers, or named."""

import sys

import pytest
import torch
from mmengine.hooks import CheckpointHook, EarlyStoppingHook
from torch import nn
from torch.utils.data import DataLoader

LINES = [f'{number}.mp4 {number % 3}' for number in range(5)]


def test_a_loader_without_a_batch(refused, runner, dataset) -> None:
    loader = dict(batch_size=8, drop_last=True)
    text = refused('training_steps', runner(dataset(*LINES), loader=loader))
    assert text == (
        'train_dataloader has no batch: 5 videos make 0 batches of batch_size=8 on 1 process with '
        'drop_last=True; set batch_size to at most 5, or drop_last=False.'
    )
    assert 'no batch' in refused('training_steps', runner(dataset(*LINES), loader=loader,
                                                          iterations=100))  # fmt: skip


@pytest.mark.parametrize('stage', ['val', 'test'])
def test_an_evaluation_without_a_batch(refused, warned, ask, runner, dataset, stage) -> None:
    data = dataset(*LINES)
    loader = dict(batch_size=8, drop_last=True)
    assert f'{stage}_dataloader has no batch: 5 videos' in refused(
        'evaluated_videos', runner(**{stage: data}, loader=loader), stage
    )
    empty = DataLoader([], batch_size=2)
    assert 'its data set is empty' in refused('evaluated_videos', runner(**{stage: empty}), stage)
    partly = runner(**{stage: data}, loader=dict(batch_size=2, drop_last=True))
    assert 'drops up to 1 of its 5 videos' in warned('evaluated_videos', partly, stage)
    assert not ask('evaluated_videos', runner(**{stage: data}), stage)


def test_the_validation_of_a_training_is_asked_too(refused, runner, dataset) -> None:
    data = dataset(*LINES)
    assert 'val_dataloader has no batch' in refused(
        'evaluated_videos',
        runner(DataLoader(data), data, loader=dict(batch_size=8, drop_last=True)),
    )


@pytest.mark.parametrize(('iterations', 'option'), [(None, 'max_epochs'), (0, 'max_iters')])
def test_no_epochs(refused, ask, runner, dataset, iterations, option) -> None:
    data = dataset(*LINES)
    none = runner(data, iterations=iterations, loop=dict(max_epochs=0))
    text = refused('training_steps', none)
    assert text == f'train_cfg.{option} must be a positive integer, got 0.'
    assert not ask('training_steps', runner(data))


def test_nobody_validates(refused, ask, runner, dataset) -> None:
    data = dataset(*LINES)
    assert 'EarlyStoppingHook has no effect' in refused(
        'validation', runner(data, hooks=[EarlyStoppingHook('acc/top1', rule='greater')])
    )
    best = CheckpointHook(save_best='acc/top1')
    assert "save_best=['acc/top1'] has no effect" in refused(
        'validation', runner(data, hooks=[best])
    )
    assert not ask('validation', runner(data, hooks=[CheckpointHook(save_best='auto')]))


def test_validation_comes_late_or_never(refused, warned, ask, runner, dataset) -> None:
    data, best = dataset(*LINES), CheckpointHook(save_best='auto')
    once = runner(data, data, hooks=[best], loop=dict(val_interval=10))
    assert 'validated once, at its end: train_cfg.val_interval=10 exceeds max_epochs=4' in warned(
        'validation', once
    )
    never = runner(data, data, hooks=[best], loop=dict(val_begin=9))
    assert 'never validated: train_cfg.val_begin=9' in warned('validation', never)
    never.hooks = [CheckpointHook(save_best='acc/top1')]
    assert 'a hook needs its result' in refused('validation', never)
    assert not ask('validation', runner(data, data, hooks=[best]))


def test_no_checkpoint(warned, ask, runner, dataset) -> None:
    data = dataset(*LINES)
    assert 'no CheckpointHook' in warned('checkpoints', runner(data))
    by_epoch = runner(data, iterations=100, hooks=[CheckpointHook(interval=1)])
    assert 'set by_epoch=False' in warned('checkpoints', by_epoch)
    never = runner(data, hooks=[CheckpointHook(interval=10, save_last=False)])
    assert 'interval=10 in a run of 4' in warned('checkpoints', never)
    assert not ask('checkpoints', runner(data, hooks=[CheckpointHook(interval=10)]))


def test_nothing_is_trained(refused, ask, runner, dataset) -> None:
    run = runner(dataset(*LINES))
    run.model = nn.Linear(2, 2).requires_grad_(False)
    assert 'are frozen' in refused('trainable', run)
    run.model.requires_grad_(True)
    assert not ask('trainable', run)
    run.cfg.optim_wrapper = dict(optimizer=dict(type='SGD', lr=0))
    assert 'lr must be positive, got 0' in refused('trainable', run)


def test_resume_keeps_load_from(warned, ask, runner, dataset, tmp_path) -> None:
    run = runner(dataset(*LINES))
    run._resume, run._load_from = True, None
    run.work_dir = str(tmp_path / 'run')
    (tmp_path / 'run').mkdir()
    assert 'training starts from scratch' in warned('start_of_training', run)
    (tmp_path / 'cfg.py').write_text("load_from = 'clip.pth'\n")
    run.cfg = type(run.cfg).fromfile(str(tmp_path / 'cfg.py'))
    assert "starts from the config's load_from='clip.pth'" in warned('start_of_training', run)
    assert (run._resume, run._load_from) == (False, 'clip.pth')
    run._resume, run._load_from = True, None
    torch.save({}, tmp_path / 'run' / 'epoch_1.pth')
    assert not ask('start_of_training', run)


@pytest.mark.parametrize('argv', [['--seed', '5'], ['--seed=5']])
def test_a_seed_that_the_config_overrules(refused, ask, runner, dataset, monkeypatch, argv) -> None:
    monkeypatch.setattr(sys, 'argv', ['train.py', *argv])
    data = dataset(*LINES)
    text = refused('random_seed', runner(data, cfg=dict(randomness=dict(seed=0))))
    assert '--seed 5 has no effect' in text and 'randomness.seed=5' in text
    assert not ask('random_seed', runner(data, cfg=dict(randomness=dict(seed=5))))
