"""ActionCLIPPredictor: agreement with open_clip, laws of its answers, trained models, refusals."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope

from actionclip_mm.apis import ActionCLIPPredictor, VideoError
from actionclip_mm.apis.predictor import _test_pipeline
from actionclip_mm.apis.video_reading import default_pipeline
from actionclip_mm.clip import build_clip, get_tokenizer
from actionclip_mm.models.heads.score_pooling import ScorePooling

LABELS = ['arm wrestling', 'flipping pancake', 'hugging']


@pytest.fixture
def predictor(tiny_arch, clip_file):
    return ActionCLIPPredictor.from_clip(
        LABELS, tiny_arch, clip_file, templates=['{}', 'A video of {}'], num_frames=4, num_clips=2
    )


@torch.no_grad()
def test_zero_shot_is_what_open_clip_computes(predictor, tiny_arch, clip_file, video):
    clip = build_clip(tiny_arch, clip_file).eval()
    mean, std = (torch.tensor(x).view(3, 1, 1) for x in predictor.model.backbone.preprocess[:2])
    views = predictor.read(video)['inputs'].float().transpose(1, 2)  # [V, T, 3, H, W]
    frames = clip.encode_image(((views - mean) / std).flatten(0, 1))  # [V·T, D]
    videos = F.normalize(frames.unflatten(0, (2, 4)).mean(dim=1), dim=-1)  # [V, D]
    probabilities = []
    for template in ('{}', 'A video of {}'):
        tokens = get_tokenizer(tiny_arch)([template.format(label) for label in LABELS])
        texts = clip.encode_text(tokens, normalize=True)  # [C, D]
        probabilities.append((100 * videos @ texts.T).softmax(dim=-1).mean(dim=0))
    expected = torch.stack(probabilities).mean(dim=0)  # [C]
    answer = predictor(video)
    torch.testing.assert_close(torch.tensor(answer.scores), expected, rtol=1e-4, atol=1e-5)
    assert answer.labels == tuple(LABELS) and answer.video == video


def test_order_of_labels_does_not_matter(predictor, video):
    before = dict(predictor(video).top())
    after = dict(predictor(video, labels=LABELS[::-1]).top())
    assert after == pytest.approx(before, abs=1e-5)
    assert predictor.labels == tuple(LABELS[::-1]), 'the new labels stay'


@pytest.mark.parametrize('batch_size', [2, 5])
def test_batches_answer_as_single_videos(predictor, write_video, tmp_path, batch_size):
    videos = [str(write_video(tmp_path / f'{i}.mp4')) for i in range(3)]
    videos.insert(1, str(tmp_path / 'gone.mp4'))
    single = predictor.predict(videos)
    predictor.batch_size = batch_size
    together = predictor.predict(videos)
    assert [answer.video for answer in together] == videos
    assert [answer.error for answer in together] == [answer.error for answer in single]
    assert 'no such file' in together[1].error and together[1].scores == ()
    for one, other in zip(single, together, strict=True):
        assert other.scores == pytest.approx(one.scores, abs=1e-5)


def test_one_video_raises_and_many_do_not(predictor, tmp_path, video):
    with pytest.raises(VideoError, match='no such file'):
        predictor(tmp_path / 'gone.mp4')
    bad, good = predictor([str(tmp_path / 'gone.mp4'), video])
    assert bad.error and good.error is None


def test_a_trained_model(trained, video):
    predictor = ActionCLIPPredictor.from_config(trained.config, trained.checkpoint)
    assert predictor.labels == ('one', 'two', 'three')
    answer = predictor(video)
    assert sum(answer.scores) == pytest.approx(1)
    other = ActionCLIPPredictor.from_config(
        trained.config, trained.checkpoint, labels=['three', 'one'], templates='label_only'
    )
    assert len(other(video).scores) == 2
    assert other.model.cls_head.label_encoder.sentences == [['three'], ['one']]


def test_the_test_pipeline_of_the_config_is_used(trained, video, tmp_path):
    pipeline = default_pipeline((32, 32), num_frames=3)
    for place in (
        dict(test_pipeline=pipeline),
        dict(test_dataloader=dict(dataset=dict(pipeline=pipeline))),
        dict(test_dataloader=dict(dataset=dict(dataset=dict(pipeline=pipeline)))),
    ):
        path = tmp_path / 'with_pipeline.py'
        text = '\n'.join(f'{name} = {value!r}' for name, value in place.items())
        path.write_text(Path(trained.config).read_text() + text)
        predictor = ActionCLIPPredictor.from_config(path, trained.checkpoint)
        assert predictor.read(video)['inputs'].shape[2] == 3
    predictor = ActionCLIPPredictor.from_config(trained.config, trained.checkpoint)
    assert predictor.read(video)['inputs'].shape == (1, 3, 8, 32, 32)


def test_a_head_with_fixed_classes(tiny_arch, video):
    cfg = dict(
        type='CLIPRecognizer',
        backbone=dict(type='CLIPImageEncoder', arch=tiny_arch),
        neck=dict(type='MeanPPrompt', in_channels=32),
        cls_head=dict(type='TimeSformerHead', num_classes=4, in_channels=32, average_clips='prob'),
    )
    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(cfg)
    predictor = ActionCLIPPredictor(model, default_pipeline((32, 32)))
    assert predictor(video).labels == ('class 0', 'class 1', 'class 2', 'class 3')
    with pytest.raises(ValueError, match='TimeSformerHead are fixed'):
        predictor(video, labels=['a', 'b'])


def test_views_that_the_head_keeps_are_averaged(trained, video):
    trained.model.cls_head.pool_scores = lambda logits: logits.softmax(dim=-1).mean(dim=2)
    predictor = ActionCLIPPredictor(trained.model, default_pipeline((32, 32), num_clips=3))
    answer = predictor(video)
    assert len(answer.scores) == 3 and sum(answer.scores) == pytest.approx(1)


@pytest.mark.parametrize('kwargs', [dict(num_frames=0), dict(num_clips=0), dict(batch_size=0)])
def test_numbers_below_one(tiny_arch, kwargs):
    with pytest.raises(ValueError, match=f'{next(iter(kwargs))}=0'):
        ActionCLIPPredictor.from_clip(LABELS, tiny_arch, None, **kwargs)


def test_bad_labels_leave_the_good_ones(predictor, video):
    with pytest.raises(ValueError, match='no class names'):
        predictor(video, labels=[])
    assert predictor(video).labels == tuple(LABELS)


def test_no_head(trained):
    with pytest.raises(ValueError, match='no cls_head'):
        ActionCLIPPredictor(torch.nn.Linear(2, 2), default_pipeline((32, 32)))


def test_a_multi_label_model_gives_similarities(trained, video):
    head = trained.model.cls_head
    assert ActionCLIPPredictor(trained.model, default_pipeline((32, 32)))(video).are_probabilities
    head.scores, head.pool_scores = 'similarity', ScorePooling('prob', 'prob', 'similarity')
    answer = ActionCLIPPredictor(trained.model, default_pipeline((32, 32)))(video)
    assert not answer.are_probabilities
    assert sum(answer.scores) != pytest.approx(1, abs=0.1)


def test_frames_are_resized_as_the_tower_was_trained(trained):
    """SigLIP's towers squash frames, CLIPA's interpolate linearly; CLIP's way is the default."""
    tower = trained.model.backbone
    usual = _test_pipeline(Config(dict()), trained.model)
    assert usual == default_pipeline(tower.preprocess.size)
    tower.preprocess = tower.preprocess._replace(interpolation='bilinear', resize_mode='squash')
    steps = _test_pipeline(Config(dict()), trained.model)
    (resize,) = (step for step in steps if step['type'] == 'CLIPResize')
    assert resize == dict(
        type='CLIPResize', interpolation='bilinear', scale=(32, 32), keep_ratio=False
    )
    assert 'CLIPCenterCrop' not in [step['type'] for step in steps]
