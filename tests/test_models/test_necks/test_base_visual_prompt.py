"""Laws of every post-network visual prompt, over all that are registered."""

import copy
import inspect

import pytest
import torch
from mmaction.registry import MODELS

from actionclip_mm.models.necks import BaseVisualPrompt

PROMPTS = sorted(
    name
    for name, cls in MODELS.module_dict.items()
    if isinstance(cls, type) and issubclass(cls, BaseVisualPrompt)
)
D = 32


def options(name):
    return inspect.signature(MODELS.get(name)).parameters


def build(name, num_frames=8, **kwargs):
    if 'num_frames' in options(name):
        kwargs['num_frames'] = num_frames
    return MODELS.build(dict(type=name, in_channels=D, **kwargs)).eval()


@pytest.fixture(params=PROMPTS)
def name(request):
    return request.param


def test_any_number_of_frames(name):
    for num_frames in range(1, 65):
        video, losses = build(name, num_frames, **few_layers(name))(torch.randn(2, num_frames, D))
        assert video.shape == (2, D) and losses == {}


def few_layers(name):
    return dict(num_layers=1) if 'num_layers' in options(name) else {}


def test_the_order_of_frames_matters_as_declared(name):
    neck, x = build(name), torch.randn(2, 8, D)
    for key, parameter in neck.named_parameters():
        if 'pos' in key:  # learned positions start small
            parameter.data.mul_(50)
    moved = (neck(x)[0] - neck(x.flip(1))[0]).abs().max().item()
    assert moved > 1e-4 if neck.order_aware else moved < 1e-6


def test_videos_of_a_batch_do_not_meet(name):
    neck, x = build(name), torch.randn(3, 8, D)
    for i in range(3):
        torch.testing.assert_close(neck(x[i : i + 1])[0][0], neck(x)[0][i])


@pytest.mark.parametrize('zeroed', [n for n in PROMPTS if 'zero_init' in options(n)])
@pytest.mark.parametrize('training', [False, True])
def test_zero_init_is_mean_p_forward_and_backward(zeroed, training):
    x = torch.randn(2, 8, D)
    gradients = []
    for neck in (build('MeanPPrompt'), build(zeroed, zero_init=True)):
        leaf = x.clone().requires_grad_()
        video = neck.train(training)(leaf)[0]
        assert torch.equal(video, x.mean(dim=1))
        video.square().sum().backward()
        gradients.append(leaf.grad)
    assert torch.equal(*gradients)
    assert neck.out_proj.weight.grad.abs().sum() > 0  # it can leave zero


def test_every_parameter_learns(name):
    neck = build(name)
    neck(torch.randn(4, 8, D).requires_grad_())[0].square().sum().backward()
    unused = [n for n, p in neck.named_parameters() if p.grad is None or not p.grad.any()]
    assert unused == []


def test_a_copy_is_independent(name):
    neck, x = build(name), torch.randn(2, 8, D)
    expected, copied = neck(x)[0], copy.deepcopy(neck)
    for parameter in neck.parameters():
        parameter.data.zero_()
    torch.testing.assert_close(copied(x)[0], expected)
    copied.load_state_dict(build(name).state_dict())  # its load hooks are its own


def test_wrong_width(name):
    with pytest.raises(ValueError, match=r'takes \[B, T, 32\], got \(2, 8, 31\): set neck'):
        build(name)(torch.randn(2, 8, 31))
    with pytest.raises(ValueError, match=r'neck.in_channels must be a positive integer, got 0'):
        MODELS.build(dict(type=name, in_channels=0))
