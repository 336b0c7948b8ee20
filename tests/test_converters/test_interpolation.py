"""Interpolation: exact ends, the straight line between, and models that differ are refused."""

import pytest
import torch

from actionclip_mm.converters import interpolate


@pytest.fixture
def states():
    shape = (4, 3)
    return [
        {'w': torch.randn(shape), 'half': torch.randn(shape).half(), 'count': torch.tensor(number)}
        for number in (3, 9)
    ]


@pytest.mark.parametrize('alpha', [0, 1, 0.0, 1.0])
def test_the_ends_are_exact(states, alpha):
    states[0]['w'][0, 0], states[1]['w'][1, 1] = float('inf'), float('-inf')
    mixed = interpolate(*states, alpha)
    for name, value in states[int(alpha)].items():
        assert torch.equal(mixed[name], value) and mixed[name].dtype == value.dtype


def test_between_it_is_a_straight_line(states):
    a, b = states
    mixed = interpolate(a, b, 0.25)
    torch.testing.assert_close(mixed['w'], 0.75 * a['w'] + 0.25 * b['w'])
    assert mixed['half'].dtype == torch.float16
    assert mixed['count'] == 3 and interpolate(a, b, 0.75)['count'] == 9
    swapped = interpolate(b, a, 0.75)
    torch.testing.assert_close(mixed['w'], swapped['w'])


def test_nothing_is_shared_with_the_inputs(states):
    for alpha in (0, 0.5, 1):
        for value in interpolate(*states, alpha).values():
            value.zero_()
    assert states[0]['w'].abs().sum() > 0 and states[1]['w'].abs().sum() > 0


def test_modules_that_fine_tuning_added_are_kept(states):
    a, b = states
    b['neck.w'] = torch.randn(2)
    for alpha in (0, 0.5, 1):
        assert torch.equal(interpolate(a, b, alpha, ['neck.'])['neck.w'], b['neck.w'])


def test_models_that_differ(states):
    a, b = states
    with pytest.raises(ValueError, match=r'first: extra, in the fine-tuned one'):
        interpolate(a, b | {'extra': torch.ones(1)}, 0.5)
    with pytest.raises(ValueError, match=r'first: extra, in the zero-shot one'):
        interpolate(a | {'extra': torch.ones(1)}, b, 0.5)
    with pytest.raises(ValueError, match=r'w is \(2,\) in the zero-shot model but \(4, 3\)'):
        interpolate(a | {'w': torch.ones(2)}, b, 0.5)


@pytest.mark.parametrize('alpha', [-0.1, 1.1, float('nan')])
def test_alpha_out_of_range(states, alpha):
    with pytest.raises(ValueError, match='alpha='):
        interpolate(*states, alpha)
