"""Weights that do not fit are described in few words, whatever their number."""

import torch
from torch import nn

from actionclip_mm.models.utils.strict_loading import misfit_of_loaded


def module(width=2, layers=3):
    return nn.Sequential(*(nn.Linear(width, width) for _ in range(layers)))


def test_what_fits_is_loaded():
    source, target = module(), module()
    assert misfit_of_loaded(target, source.state_dict()) is None
    assert torch.equal(target[2].weight, source[2].weight)


def test_what_does_not_fit_is_counted():
    state = module().state_dict()
    assert misfit_of_loaded(module(layers=5), state) == 'the file lacks 3.weight and 3 more'
    assert misfit_of_loaded(module(layers=2), state) == 'the model lacks 2.weight and 1 more'
    state['x'] = state.pop('1.bias')
    assert misfit_of_loaded(module(), state) == 'the model lacks x and the file lacks 1.bias'
    misfit = misfit_of_loaded(module(width=4), module().state_dict())
    assert misfit.startswith('size mismatch for 0.weight') and misfit.endswith('and 5 more')
    assert '([2, 2])' in misfit and '\n' not in misfit


def test_what_is_no_tensor_is_named():
    state = module().state_dict()
    state['1.bias'] = 'x'
    assert misfit_of_loaded(module(), state) == '1.bias is a str, not a tensor'
