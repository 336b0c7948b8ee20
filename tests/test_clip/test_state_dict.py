"""Weights are found in a file whatever they are wrapped in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from actionclip_mm.apis.building import load_strictly
from actionclip_mm.clip import build_clip
from actionclip_mm.clip.state_dict import load_state_dict_or_explain as explain
from actionclip_mm.clip.state_dict import read_state_dict, unwrap
from actionclip_mm.engine.hooks.check_weights_hook import CheckWeightsHook, load_from_safetensors
from actionclip_mm.models.backbones import CLIPImageEncoder

PREFIXES = ['', 'module.', 'model.', '_orig_mod.', 'module._orig_mod.', '_orig_mod.model.module.']
WRAPPERS: dict[str, Callable[[dict], dict]] = {
    'none': lambda state: state,
    'state_dict': lambda state: dict(epoch=3, state_dict=state),
    'model_state_dict': lambda state: dict(model_state_dict=state, optimizer={}),
    'model': lambda state: dict(model=state),
    'nested': lambda state: dict(model=dict(state_dict=state, step=1), scaler=None),
}


class Net(nn.Module):
    """Two parts, one of which has the name of a wrapper inside."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        self.cls_head = nn.ModuleDict(dict(model=nn.Linear(2, 1)))

    def forward(self, x: Tensor) -> Tensor:
        return self.cls_head['model'](self.backbone(x))


def wrapped(state: dict[str, Tensor], prefix: str, wrapper: str) -> dict[str, Any]:
    return WRAPPERS[wrapper]({prefix + name: value for name, value in state.items()})


@pytest.mark.parametrize('wrapper', WRAPPERS)
@pytest.mark.parametrize('prefix', PREFIXES)
def test_every_reader_unwraps(prefix: str, wrapper: str, tmp_path: Path) -> None:
    net = Net()
    state = net.state_dict()
    content = wrapped(state, prefix, wrapper)
    torch.save(content, tmp_path / 'a.pth')
    assert read_state_dict(str(tmp_path / 'a.pth')).keys() == state.keys()
    for reader in ('predictor', 'hook', 'partial hook'):
        other = Net()
        if reader == 'predictor':
            load_strictly(other, str(tmp_path / 'a.pth'))
        else:
            runner = type('Runner', (), dict(model=other))
            loaded = dict(content)
            hook: Hook = CheckWeightsHook(allow_partial=reader == 'partial hook')
            hook.after_load_checkpoint(runner, loaded)
            other.load_state_dict(loaded['state_dict'])  # as mmengine does next
        assert all(
            torch.equal(a, b)
            for a, b in zip(state.values(), other.state_dict().values(), strict=True)
        )
    if wrapper == 'none':
        save_file(content, tmp_path / 'a.safetensors')
        loaded = load_from_safetensors(str(tmp_path / 'a.safetensors'))
        assert loaded['state_dict'].keys() == state.keys()


def test_what_stands_next_to_the_weights_is_named() -> None:
    found = unwrap(dict(model=dict(state_dict={'a.b': 1}, step=1), scaler=None))
    assert found.weights == {'a.b': 1} and found.others == ['scaler', 'step']


def test_wrappers_of_torch(tmp_path: Path) -> None:
    """What torch itself names: a compiled part in an average of a model."""
    net = Net()
    names = list(net.state_dict())
    net.backbone = torch.compile(net.backbone)
    average = AveragedModel(net)
    assert any('backbone._orig_mod.' in name for name in average.state_dict())
    found = unwrap(dict(state_dict=average.state_dict()))
    assert list(found.weights) == names and found.others == ['n_averaged']


def test_two_sets_of_weights_are_refused() -> None:
    with pytest.raises(ValueError, match='two sets of weights, a is in both'):
        unwrap({'model.a': 1, 'module.a': 2})
    with pytest.raises(ValueError, match='not names of weights'):
        unwrap({0: 1})


@pytest.mark.parametrize('prefix', ['_orig_mod.', 'model.'])
@pytest.mark.parametrize('wrapper', ['state_dict', 'model'])
def test_pretrained_of_a_tower(prefix: str, wrapper: str, tiny_arch: dict, tmp_path: Path) -> None:
    clip = build_clip(tiny_arch)
    torch.save(wrapped(clip.state_dict(), prefix, wrapper), tmp_path / 'a.pt')
    tower = CLIPImageEncoder(arch=tiny_arch, pretrained=str(tmp_path / 'a.pt')).visual
    for name, value in tower.state_dict().items():
        assert torch.equal(value, clip.state_dict()[f'visual.{name}'])


@pytest.mark.parametrize(
    ('name', 'advice'),
    [
        ('vision_model.x', 'convert them with actionclip convert'),
        ('clip.visual.x', 'convert them with'),
        ('backbone.visual.x', 'with `load_from`'),
        ('visual.x', 'set `arch` to the model'),
    ],
)
def test_advice_fits_the_layout(name: str, advice: str, tiny_arch: dict, tmp_path: Path) -> None:
    torch.save({name: torch.ones(1)}, tmp_path / 'a.pt')
    with pytest.raises(ValueError, match=advice):
        build_clip(tiny_arch, str(tmp_path / 'a.pt'))


def layers_of(width=2, layers=3):
    return nn.Sequential(*(nn.Linear(width, width) for _ in range(layers)))


def test_what_fits_is_loaded():
    source, target = layers_of(), layers_of()
    assert explain(target, source.state_dict()) is None
    assert torch.equal(target[2].weight, source[2].weight)


def test_what_does_not_fit_is_counted():
    state = layers_of().state_dict()
    assert explain(layers_of(layers=5), state) == 'the file lacks 3.weight and 3 more'
    assert explain(layers_of(layers=2), state) == 'the model lacks 2.weight and 1 more'
    state['x'] = state.pop('1.bias')
    assert explain(layers_of(), state) == 'the model lacks x and the file lacks 1.bias'
    misfit = explain(layers_of(width=4), layers_of().state_dict())
    assert misfit.startswith('size mismatch for 0.weight') and misfit.endswith('and 5 more')
    assert '([2, 2])' in misfit and '\n' not in misfit


def test_what_is_no_tensor_is_named():
    state = layers_of().state_dict()
    state['1.bias'] = 'x'
    assert explain(layers_of(), state) == '1.bias is a str, not a tensor'
