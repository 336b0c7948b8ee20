"""Compiled towers: the same features and gradients, and one compilation per mode."""

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch._dynamo.testing import CompileCounter

VIDEOS = torch.Generator().manual_seed(0)


def build(model_cfg, compile_images=False, compile_texts=False):
    torch.manual_seed(0)
    model_cfg['backbone']['compile'] = compile_images
    model_cfg['cls_head']['label_encoder'].update(compile=compile_texts, templates=['{}'])
    return MODELS.build(model_cfg)


def train(model, videos):
    samples = [ActionDataSample().set_gt_label(index) for index in range(len(videos))]
    model.train()
    loss = model(videos, samples, mode='loss')['loss_cls']
    loss.backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return gradients


@torch.no_grad()
def test(model, videos):
    samples = model.eval()(videos, [ActionDataSample() for _ in videos], mode='predict')
    return torch.stack([sample.pred_score for sample in samples])


test.__test__ = False


@pytest.mark.parametrize('tower', ['backbone', 'label_encoder'])
def test_compiled_towers_agree_and_are_not_compiled_again(model_cfg, tower):
    torch._dynamo.reset()
    counter = CompileCounter()
    options = dict(backend=counter)
    plain = build(model_cfg)
    model = build(
        model_cfg,
        compile_images=options if tower == 'backbone' else False,
        compile_texts=options if tower == 'label_encoder' else False,
    )
    assert model.state_dict().keys() == plain.state_dict().keys()
    videos = torch.randn(3, 1, 3, 2, 32, 32)
    counts = []
    for _ in range(2):  # epochs: two batches of training, then a test with a smaller last batch
        for _ in range(2):
            expected, found = train(plain, videos), train(model, videos)
            assert expected.keys() == found.keys()
            for name in expected:
                torch.testing.assert_close(found[name], expected[name], rtol=1e-5, atol=1e-5)
        for size in (3, 2):
            torch.testing.assert_close(
                test(model, videos[:size]), test(plain, videos[:size]), rtol=1e-5, atol=1e-5
            )
        counts.append(counter.frame_count)
    assert counts[0] == counts[1] == (2 if tower == 'backbone' else 1)


def test_options_are_refused(model_cfg):
    with pytest.raises(TypeError, match='backbone.compile must be True, False or a dict'):
        build(model_cfg, compile_images='yes')


def test_channels_last_changes_no_feature(model_cfg):
    plain = build(model_cfg).eval()
    model_cfg['backbone']['channels_last'] = True
    model = build(model_cfg).eval()
    videos = torch.randn(2, 3, 2, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(
            model.backbone(videos), plain.backbone(videos), rtol=1e-5, atol=1e-5
        )
