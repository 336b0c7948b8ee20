"""Weights and scores that mean nothing are refused, in every way in and out."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmaction.registry import EVALUATOR, MODELS
from mmaction.structures import ActionDataSample
from mmengine.runner import load_checkpoint
from torch import Tensor, nn

from actionclip_mm.apis.building import build_trained, read_model_config
from actionclip_mm.clip import build_clip
from actionclip_mm.clip.state_dict import read_content, read_state_dict
from actionclip_mm.clip.weight_files import write_weights
from actionclip_mm.converters import convert
from actionclip_mm.engine.hooks import MetricsFileHook
from actionclip_mm.utils.weight_values import check_weight_values

WEIGHT = 'backbone.visual.transformer.resblocks.1.mlp.c_fc.weight'


def with_nan(value: Tensor) -> Tensor:
    value = value.clone()
    value.flatten()[-1] = math.nan
    return value


FAULTS: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    'nan': (with_nan, 'with NaN or Inf'),
    'inf': (lambda value: value / 0, 'with NaN or Inf'),
    'half inf': (lambda value: (value + 1e6).half(), 'with NaN or Inf'),
    'int8': (lambda value: value.to(torch.int8), 'of type int8'),
    'bool': (lambda value: value > 0, 'of type bool'),
}


@pytest.fixture
def config(model_cfg: dict, tmp_path: Path) -> Path:
    (tmp_path / 'config.py').write_text(f'model = {model_cfg!r}\n')
    return tmp_path / 'config.py'


@pytest.fixture
def state(model_cfg: dict) -> dict[str, Tensor]:
    return MODELS.build(model_cfg).state_dict()


@pytest.mark.parametrize('fault', FAULTS)
def test_every_reader_names_the_weight(
    fault: str, state: dict, config: Path, model_cfg: dict, tmp_path: Path
) -> None:
    """predict and export, load_from and tests, interpolate, convert."""
    spoil, kind = FAULTS[fault]
    path = tmp_path / 'epoch_1.pth'
    bad = {**state, WEIGHT: spoil(state[WEIGHT])}
    torch.save(dict(state_dict=bad, meta=dict(epoch=1)), path)
    said = rf"'{path}' holds 1 weight {kind} \({WEIGHT}\)"
    for read in (
        lambda: build_trained(read_model_config(config), str(path)),
        lambda: load_checkpoint(MODELS.build(model_cfg), str(path)),
        lambda: read_state_dict(str(path)),
        lambda: convert(read_content(str(path))),
    ):
        with pytest.raises(ValueError, match=said):
            read()
    out = tmp_path / 'out.safetensors'
    with pytest.raises(ValueError, match=kind):
        write_weights(out, bad, {})
    assert not out.exists()


@pytest.mark.parametrize('fault', FAULTS)
def test_pretrained_of_a_file(fault: str, tiny_arch: dict, tmp_path: Path) -> None:
    spoil, kind = FAULTS[fault]
    state = build_clip(tiny_arch).state_dict()
    name = 'text.token_embedding.weight'
    torch.save({**state, name: spoil(state[name])}, tmp_path / 'clip.pt')
    with pytest.raises(ValueError, match=rf'clip.pt. holds 1 weight {kind} \({name}\)'):
        build_clip(tiny_arch, str(tmp_path / 'clip.pt'))


@pytest.mark.parametrize('prefix', ['backbone.', 'cls_head.label_encoder.'])
@pytest.mark.parametrize('wrapped', ['', 'module.'])
def test_a_tower_of_zeros(prefix: str, wrapped: str, state: dict) -> None:
    bad = {
        wrapped + name: value * 0 if name.startswith(prefix) else value
        for name, value in state.items()
    }
    with pytest.raises(ValueError, match=rf'nothing but zeros .* of {prefix[:-1]}: give weights'):
        check_weight_values(bad, 'x.pth')


def test_zeros_that_are_meant(model_cfg: dict, tiny_arch: dict) -> None:
    """Modules that begin as the identity, and biases."""
    model_cfg['neck']['zero_init'] = True
    model_cfg['backbone']['visual_prompt'] = dict(type='JointPrompt', num_frames=2)
    state = MODELS.build(model_cfg).state_dict()
    assert any(value.dim() > 1 and not value.any() for value in state.values())
    check_weight_values(state, 'x.pth')


def test_what_is_no_weight_may_be_whole_or_infinite() -> None:
    """Counters, indices, masks, states of optimizers and logs."""
    content = dict(
        state_dict={
            **nn.BatchNorm2d(2).state_dict(prefix='bn.'),
            'text_model.embeddings.position_ids': torch.arange(77)[None],
            'layers.0.attn.relative_position_index': torch.zeros(4, 4, dtype=torch.int64),
            'text.attn_mask': torch.full((2, 2), -math.inf),
            'steps': torch.tensor(3),
        },
        ema_state_dict={'steps': torch.tensor(3)},
        optimizer=dict(state={0: dict(exp_avg=torch.tensor([math.inf]))}),
        message_hub=dict(log={'weight': torch.tensor(1)}),
    )
    check_weight_values(content, 'x.pth')
    content['ema_state_dict']['module.bias'] = torch.tensor([math.nan])
    with pytest.raises(ValueError, match=r'1 weight with NaN or Inf \(module.bias\)'):
        check_weight_values(content, 'x.pth')


def test_scores_of_nan_stop_a_test(model_cfg: dict, tmp_path: Path) -> None:
    evaluator = EVALUATOR.build(
        dict(type='CompleteEvaluator', metrics=dict(type='mmaction.AccMetric'))
    )
    sample = ActionDataSample(metainfo=dict(sample_idx=0, filename='a.mp4')).set_gt_label(1)
    sample.set_pred_score(torch.tensor([0.5, math.nan, 0.5]))
    with pytest.raises(ValueError, match='The scores of a.mp4 are NaN or infinite'):
        evaluator.process([sample])
    head = MODELS.build(model_cfg).cls_head
    sample = ActionDataSample(metainfo=dict(filename='b.mp4'))
    with pytest.raises(ValueError, match='The scores of b.mp4 are NaN or infinite'):
        head.predict_by_feat(torch.full((1, 1, 3), math.nan), [sample])


def test_a_metric_of_nan_is_null(tmp_path: Path) -> None:
    hook = MetricsFileHook(str(tmp_path / 'metrics.json'))
    hook.after_test_epoch(None, dict(a=math.nan, b=torch.tensor(0.5), c=[1.0, math.inf]))
    text = (tmp_path / 'metrics.json').read_text()
    assert json.loads(text, parse_constant=pytest.fail) == dict(a=None, b=0.5, c=[1.0, None])


@pytest.mark.parametrize('name', ['weight_ih_l0', 'bias_hh_l1_reverse'])
def test_whole_numbers_of_an_lstm(name: str) -> None:
    state = {f'neck.lstm.{name}': torch.ones(4, dtype=torch.int8)}
    with pytest.raises(ValueError, match=f'of type int8 .*{name}'):
        check_weight_values(state, 'a.pth')
