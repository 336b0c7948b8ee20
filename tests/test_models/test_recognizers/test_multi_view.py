"""Tests with several views: their order, their pooling and a bounded number at once."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmcv.transforms import Compose
from mmengine.config import Config

CLIP_VIDEO = Path(__file__).parents[3] / 'configs' / '_base_' / 'datasets' / 'clip_video.py'
FRAMES, CLIPS, LENGTH = 4, 10, 50


@pytest.fixture
def pipeline():
    """The multi-view pipeline of the data sets, behind the decoder and with 4 small frames."""
    sample, _, resize, crop, *rest = Config.fromfile(CLIP_VIDEO).multi_view_pipeline[1:]
    sample.clip_len, resize.scale, crop.crop_size = FRAMES, (-1, 32), 32
    return [Compose([sample]), Compose([resize, crop, *rest])]


def views_of(pipeline, video):
    """Frames [L, H, W, 3] to what the recognizer gets, [V, 3, T, H, W]."""
    choose, prepare = pipeline
    results = dict(total_frames=len(video), start_index=0, modality='RGB', label=0)
    results = choose(results)
    frames = [video[index] for index in results['frame_inds']]
    results.update(imgs=frames, img_shape=video.shape[1:3], original_shape=video.shape[1:3])
    return prepare(results)['inputs']


@pytest.mark.parametrize('wide', [True, False])
def test_views_come_crop_by_crop_and_clip_by_clip(pipeline, wide):
    """Red tells the frame, green the place along the longer side: view c·N + k, crops 0, 2, 1."""
    along = np.arange(50, dtype=np.uint8)
    frame = np.broadcast_to(
        along[None, :] if wide else along[:, None], (32, 50) if wide else (50, 32)
    )
    time = np.arange(LENGTH, dtype=np.uint8)[:, None, None]
    green = np.broadcast_to(frame, (LENGTH, *frame.shape))
    red = np.broadcast_to(time, green.shape)
    views = views_of(pipeline, np.stack([red, green, red], axis=-1))
    assert views.shape == (3 * CLIPS, 3, FRAMES, 32, 32)
    for crop, start in enumerate((0, 18, 9)):  # left or top, right or bottom, middle
        for clip in range(CLIPS):
            view = views[crop * CLIPS + clip]
            first = (LENGTH / FRAMES - 1) * clip / (CLIPS - 1)
            times = [int(first + LENGTH / FRAMES * i + 1e-9) for i in range(FRAMES)]
            assert view[0, :, 0, 0].tolist() == times
            assert view[1, 0, 0, 0].item() == start


@pytest.fixture
def build(model_cfg):
    def make(average_clips, **test_cfg):
        torch.manual_seed(0)
        head, texts = model_cfg['cls_head'], model_cfg['cls_head']['label_encoder']
        texts.update(labels=['one', 'two', 'three', 'four'], templates=['{}', 'a video of {}'])
        head['average_clips'] = average_clips
        return MODELS.build(dict(model_cfg, test_cfg=test_cfg or None)).eval()

    return make


@pytest.fixture
def batch(pipeline):
    """One noisy video in 30 views, as a data loader hands it over."""
    video = np.random.randint(0, 256, (LENGTH, 32, 50, 3), dtype=np.uint8)
    return dict(inputs=[views_of(pipeline, video)], data_samples=[ActionDataSample()])


@torch.no_grad()
def scores(model, batch):
    (sample,) = model.test_step(batch)
    return sample.pred_score


@torch.no_grad()
def similarities(model, batch):
    """Each view alone through preprocessing, towers, prompt and head: V times [P, C]."""
    for view in batch['inputs'][0]:
        alone = dict(inputs=[view[None]], data_samples=[ActionDataSample()])
        data = model.data_preprocessor(alone, training=False)
        feats, kwargs = model.extract_feat(**data, test_mode=True)
        yield model.cls_head(feats, **kwargs)[0]


POOLED = {
    'prob': lambda views: sum(v.softmax(-1).mean(0) for v in views) / len(views),
    'score': lambda views: (sum(views) / len(views)).softmax(-1).mean(0),
    'max': lambda views: torch.stack([v.softmax(-1).mean(0) for v in views]).amax(0),
}


@pytest.mark.parametrize('average_clips', POOLED)
def test_pooling_is_that_of_a_loop_over_views(build, batch, average_clips):
    model = build(average_clips)
    views = list(similarities(model, batch))
    assert len(views) == 3 * CLIPS
    expected = POOLED[average_clips](views)
    torch.testing.assert_close(scores(model, batch), expected, rtol=0, atol=1e-5)
    others = [POOLED[name](views) for name in POOLED if name != average_clips]
    assert all((expected - other).abs().max() > 1e-4 for other in others)  # it makes a difference


@pytest.mark.parametrize('average_clips', POOLED)
@pytest.mark.parametrize('at_once', [1, 7, 30])
def test_views_a_few_at_a_time_give_the_same_scores(build, batch, average_clips, at_once):
    bounded = build(average_clips, max_testing_views=at_once)
    seen = []
    bounded.backbone.register_forward_hook(lambda module, args, out: seen.append(len(args[0])))
    found = scores(bounded, batch)
    assert max(seen) == at_once and sum(seen) == 3 * CLIPS
    torch.testing.assert_close(found, scores(build(average_clips), batch), rtol=0, atol=1e-6)
