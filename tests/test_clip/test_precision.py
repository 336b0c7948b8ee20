"""bf16 with weights that are rounded once: what autocast gives, with fewer casts."""

import copy

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch.profiler import ProfilerActivity, profile

from actionclip_mm.clip import precision
from actionclip_mm.clip.precision import computing_in, round_weights, warn_if_slow


def build(model_cfg):
    torch.manual_seed(0)
    return MODELS.build(model_cfg).eval()


@torch.no_grad()
def scores(model, videos):
    with computing_in('bf16', 'cpu'):
        samples = model.predict(videos, [ActionDataSample() for _ in videos])
    return torch.stack([sample.pred_score for sample in samples])


@pytest.mark.parametrize('prompt', [None, 'ShiftPrompt', 'JointPrompt'])
def test_rounded_once_is_autocast_to_the_bit(model_cfg, prompt):
    if prompt:
        model_cfg['backbone']['visual_prompt'] = dict(type=prompt)
    model = build(model_cfg)
    rounded = copy.deepcopy(model)
    round_weights(rounded.backbone, 'bf16')
    videos = torch.randn(2, 1, 3, 8, 32, 32)
    assert torch.equal(scores(model, videos), scores(rounded, videos))
    assert rounded.backbone.visual.ln_post.weight.dtype == torch.float32
    assert rounded.backbone.visual.proj.dtype == torch.bfloat16


def test_fewer_casts(model_cfg):
    def count_casts(model):
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            scores(model, torch.randn(1, 1, 3, 2, 32, 32))
        return sum(event.count for event in profiler.key_averages() if event.key == 'aten::copy_')

    plain = build(model_cfg)
    rounded = copy.deepcopy(plain)
    round_weights(rounded.backbone, 'bf16')
    for model in (plain, rounded):
        scores(model, torch.randn(1, 1, 3, 2, 32, 32))  # encodes the labels
    assert count_casts(rounded) <= count_casts(plain) - 8


def test_fp32_is_left_alone(model_cfg):
    model = build(model_cfg)
    round_weights(model, 'fp32')
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    with computing_in('fp32', 'cpu'):
        assert not torch.is_autocast_cpu_enabled()
    with pytest.raises(ValueError, match="precision must be one of .*, got 'fp16'"):
        round_weights(model, 'fp16')


@pytest.mark.parametrize('fast', [True, False])
def test_a_cpu_without_bf16_is_named(monkeypatch, fast):
    said = []
    monkeypatch.setattr(precision, 'print_log', lambda message, *args: said.append(message))
    monkeypatch.setattr(precision, 'has_fast_bf16', lambda device: fast)
    warn_if_slow('fp32', 'cpu')
    assert not said
    warn_if_slow('bf16', 'cpu')
    assert len(said) == (not fast)
