"""CheckWeightsHook: a run stops where the checkpoint is not the model's."""

import re
from pathlib import Path

import pytest
import torch
from mmaction.registry import HOOKS, MODELS
from mmengine.config import Config
from mmengine.runner import Runner
from torch import nn

ROOT = Path(__file__).resolve().parents[3]
FRAMES = 4


class Video(nn.Module):
    """A neck with a table of positions, and one layer besides."""

    def __init__(self, frames: int = FRAMES, width: int = 16) -> None:
        super().__init__()
        self.neck = MODELS.build(
            dict(type='TransfClsPrompt', in_channels=width, num_frames=frames, num_layers=1)
        )
        self.linear = nn.Linear(width, 3)


@pytest.fixture
def make_runner(tmp_path):
    def make(model, **hook):
        return Runner(
            model,
            str(tmp_path),
            custom_hooks=[dict(type='CheckWeightsHook', **hook)],
            default_scope='mmaction',
            experiment_name=f'{tmp_path.name}_{id(model)}',
        )

    return make


@pytest.fixture
def save(tmp_path):
    def write(state):
        path = str(tmp_path / 'epoch_1.pth')
        torch.save(dict(state_dict=state, meta=dict(epoch=1)), path)
        return path

    return write


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_the_models_own_checkpoint_is_loaded(make_runner, save, prefix):
    trained, model = Video(), Video()
    path = save({prefix + name: value for name, value in trained.state_dict().items()})
    checkpoint = make_runner(model).load_checkpoint(path)
    assert checkpoint['meta'] == dict(epoch=1)
    for name, value in trained.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


def test_a_bare_state_dict_is_loaded(make_runner, tmp_path):
    trained, model = Video(), Video()
    torch.save(trained.state_dict(), tmp_path / 'bare.pth')
    make_runner(model).load_checkpoint(str(tmp_path / 'bare.pth'))
    assert torch.equal(model.linear.weight, trained.linear.weight)


def test_tables_of_other_lengths_fit_and_are_interpolated_once(make_runner, save, caplog):
    model = Video(frames=2 * FRAMES)
    runner = make_runner(model)
    with caplog.at_level('INFO', runner.logger.name):
        runner.logger.addHandler(caplog.handler)
        runner.load_checkpoint(save(Video().state_dict()))
    assert len(re.findall(r'was interpolated from \d+ to 8 frames', caplog.text)) == 1


@pytest.mark.parametrize(
    'change, words',
    [
        (lambda state: {**state, 'foreign': torch.ones(1)}, 'the model lacks foreign'),
        (lambda state: {'linear.bias': state['linear.bias']}, r'the file lacks .* and \d+ more'),
        (lambda state: {**state, 'linear.bias': torch.ones(5)}, 'size mismatch for linear.bias'),
    ],
    ids=['foreign', 'missing', 'shape'],
)
def test_what_does_not_fit_is_refused_in_one_sentence(make_runner, save, change, words):
    path = save(change(Video().state_dict()))
    with pytest.raises(ValueError, match=rf'checkpoint does not fit .*{words}') as error:
        make_runner(Video()).load_checkpoint(path)
    assert '\n' not in str(error.value)
    make_runner(Video(), allow_partial=True).load_checkpoint(path)


def test_another_width_is_refused(make_runner, save):
    with pytest.raises(ValueError, match='size mismatch'):
        make_runner(Video(width=24)).load_checkpoint(save(Video().state_dict()))


def test_the_default_runtime_has_it():
    config = Config.fromfile(ROOT / 'configs' / '_base_' / 'default_runtime.py')
    assert config.default_hooks.check_weights == dict(type='CheckWeightsHook')
    assert HOOKS.get('CheckWeightsHook').priority == 'VERY_LOW', 'must run behind EMAHook'
