"""LabelSwitchHook: other classes while evaluating, the training's afterwards."""

from types import SimpleNamespace

import pytest
import torch
from mmaction.registry import HOOKS, MODELS
from mmengine.logging import MMLogger


@pytest.fixture
def runner(tiny_arch):
    head = MODELS.build(
        dict(
            type='VideoTextHead',
            in_channels=32,
            label_encoder=dict(
                type='TextPromptLabelEncoder', labels=['one', 'two'], arch=tiny_arch
            ),
        )
    )
    model = torch.nn.Module()
    model.cls_head = head
    return SimpleNamespace(model=model, logger=MMLogger.get_current_instance())


def test_classes_are_exchanged_and_brought_back(runner):
    head = runner.model.cls_head
    hook = HOOKS.build(dict(type='LabelSwitchHook', val=['a', 'b', 'c'], templates='label_only'))
    hook.before_val(runner)
    assert head.num_classes == 3 and head(torch.randn(2, 32)).shape == (2, 1, 3)
    hook.after_val(runner)
    assert head.label_encoder.labels == ('one', 'two')
    assert head(torch.randn(2, 32)).shape == (2, 16, 2)
    hook.before_test(runner)
    assert head.num_classes == 2, 'only validation was to change'
    hook.after_test(runner)


def test_it_works_on_a_wrapped_model(runner):
    wrapped = SimpleNamespace(model=SimpleNamespace(module=runner.model), logger=runner.logger)
    hook = HOOKS.build(dict(type='LabelSwitchHook', test=['a']))
    hook.before_test(wrapped)
    assert runner.model.cls_head.num_classes == 1


def test_nothing_to_do():
    with pytest.raises(ValueError, match='needs labels'):
        HOOKS.build(dict(type='LabelSwitchHook'))


def test_fixed_classes_are_refused_when_the_run_begins(runner):
    hook = HOOKS.build(dict(type='LabelSwitchHook', val=['a']))
    hook.before_run(runner)
    runner.model.cls_head = MODELS.build(
        dict(type='TimeSformerHead', num_classes=2, in_channels=32)
    )
    with pytest.raises(ValueError, match='classes of TimeSformerHead are fixed'):
        hook.before_run(runner)
    with pytest.raises(ValueError, match='classes of TimeSformerHead are fixed'):
        hook.before_val(runner)
