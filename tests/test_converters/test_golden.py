"""Golden: checkpoints that foreign trainers saved, converted by the tool, against foreign numbers.

Embedding and text width differ in both files, so the heads of Transf show.
"""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.runner import load_checkpoint

from actionclip_mm.cli.convert import main as convert_main
from actionclip_mm.clip.state_dict import read_content
from actionclip_mm.converters import SOURCES, convert

pytestmark = pytest.mark.parity

TOLERANCE = dict(rtol=1e-5, atol=1e-5)
CHECKPOINTS = dict(
    released_unequal_width='checkpoint.pt', mmaction2_project='checkpoint.pth'
)  # by the name of the fixture


@pytest.fixture(scope='module', params=CHECKPOINTS)
def name(request):
    return request.param


@pytest.fixture(scope='module')
def expected(golden, name):
    numbers = np.load(golden(name) / 'expected.npz')
    return {key: torch.from_numpy(value) for key, value in numbers.items()}


@pytest.fixture(scope='module')
def config(golden, name, tmp_path_factory) -> Path:
    """The config that the converter writes; its weights are next to it."""
    out = tmp_path_factory.mktemp('converted') / f'{name}.safetensors'
    labels = golden(name) / 'labels.txt'
    source = golden(name) / CHECKPOINTS[name]
    convert_main([str(source), str(out), '--labels', str(labels)])
    return out.with_suffix('.py')


@pytest.fixture(scope='module')
def model(config):
    cfg = Config.fromfile(config).model
    cfg.cls_head.loss_cls.target = 'softmax'  # the released code's
    model = MODELS.build(cfg)
    load_checkpoint(model, str(config.with_suffix('.safetensors')), 'cpu', strict=True)
    return model.eval()


@pytest.fixture
def agree(name, record_property):
    """Function: compares with the foreign number and notes the difference for the summary."""

    def check(quantity, found, wanted):
        difference = (found - wanted).abs().max().item()
        if 'relative' in quantity:
            difference /= wanted.abs().max().item()
        record_property('agreement', (name, quantity, difference))
        torch.testing.assert_close(found, wanted, check_dtype=False, **TOLERANCE)

    return check


@torch.no_grad()
def test_features(model, expected, agree):
    frames = model.backbone(expected['video'].transpose(1, 2))
    agree('frame_features', frames, expected['frame_features'])
    agree('video_features', model.neck(frames)[0], expected['video_features'])
    tokens = expected['sentence_tokens'].long()
    text = model.cls_head.label_encoder.encode_tokens(tokens)
    agree('text_features', text, expected['text_features'])


def test_sentences_are_those_that_the_foreign_code_fed(model, expected):
    tokens = expected.get('class_tokens', expected['sentence_tokens'])  # [P·C, 77], row p·C + c
    assert torch.equal(model.cls_head.label_encoder.tokens.flatten(0, 1), tokens.long())


@torch.no_grad()
def test_class_probabilities(model, expected, agree):
    videos = expected['video'].transpose(1, 2).unsqueeze(1)  # [N, 1, 3, T, H, W]
    samples = model.predict(videos, [ActionDataSample() for _ in videos])
    scores = torch.stack([sample.pred_score for sample in samples])
    agree('class_probs', scores, expected['class_probs'])


@torch.no_grad()
@pytest.mark.parametrize('name', ['released_unequal_width'], indirect=True)
def test_logits_and_loss(model, expected, agree):
    """mmaction2's project only tests, so it has no loss."""
    tokens, labels = expected['sentence_tokens'], expected['labels']
    video = model.neck(model.backbone(expected['video'].transpose(1, 2)))[0]
    text = model.cls_head.label_encoder.encode_tokens(tokens)
    cosine = F.normalize(video, dim=-1) @ F.normalize(text, dim=-1).t()
    scale = model.cls_head.logit_scale.exp()
    agree('logits_per_video (relative)', scale * cosine, expected['logits_per_video'])
    model.cls_head.training_texts = lambda samples: (tokens, labels, labels)
    loss = model.loss(expected['video'].transpose(1, 2).unsqueeze(1), [])['loss_cls']
    agree('loss', loss, expected['loss'])


def test_the_config_states_what_the_weights_do_not_carry(name, config):
    """And the numbers in its docstring are those of its settings."""
    said = dict(re.findall(r'^    (\w[\w ,]*?)  +(.*)$', config.read_text(), re.MULTILINE))
    cfg = Config.fromfile(config)
    assert said['neck heads'].startswith(f'{cfg.model.neck.num_heads} (text width // 64')
    assert said['neck LayerNorm'].startswith(f'eps {cfg.model.neck.layer_norm_eps:g}')
    assert said['frames'].startswith(f'{cfg.num_frames} ')
    assert said['templates'].startswith(cfg.templates)
    assert cfg.split_names is cfg.model.cls_head.label_encoder.split_names is False
    assert said['class names'].startswith('as the label file has them')
    assert said['activation'].startswith('QuickGELU') and cfg.arch.quick_gelu
    assert {'tower heads', 'tower LayerNorm', 'pixel mean, std', 'test scale'} <= said.keys()
    wanted = dict(released_unequal_width=(2, 1e-12, 8), mmaction2_project=(1, 1e-5, 6))
    neck = cfg.model.neck
    assert (neck.num_heads, neck.layer_norm_eps, cfg.num_frames) == wanted[name]


def test_the_way_back_gives_the_file(golden, name):
    """mmaction2's in the spelling of its project, which the project's loader asks for."""
    content = read_content(str(golden(name) / CHECKPOINTS[name]))
    converted = convert(content)
    back = SOURCES[converted.source].from_recognizer(converted.state)
    parts = {'state_dict': back} if name == 'mmaction2_project' else back
    for part, weights in parts.items():
        assert weights.keys() == content[part].keys()
        for key, value in weights.items():
            assert torch.equal(value, content[part][key]), key
