"""CharadesMAP as the runner uses it: samples, CompleteEvaluator, files, two processes."""

import json

import numpy as np
import pytest
import torch
from mmaction.registry import EVALUATOR, METRICS
from mmaction.structures import ActionDataSample

from actionclip_mm.evaluation import class_precision, read_class_rows

NUM_VIDEOS, NUM_CLASSES = 11, 4


def draw():
    scores = torch.randn(NUM_VIDEOS, NUM_CLASSES)
    truth = (torch.rand(NUM_VIDEOS, NUM_CLASSES) < 0.4).float()
    truth[0] = 0  # a video without a label
    return scores, truth


def samples(scores, truth, **metainfo):
    made = []
    for index, (score, label) in enumerate(zip(scores, truth, strict=True)):
        sample = ActionDataSample(metainfo=dict(sample_idx=index, filename=f'{index}.mp4'))
        made.append(sample.set_gt_label(label).set_pred_score(score))
    return made


def build(**kwargs):
    return METRICS.build(dict(type='CharadesMAP', **kwargs))


def test_the_numbers_and_their_names():
    scores, truth = draw()
    metric = build()
    for batch in (slice(0, 4), slice(4, 11)):
        metric.process(None, [s.to_dict() for s in samples(scores, truth)[batch]])
    assert len(metric.results) == NUM_VIDEOS  # one each, so that padding is cut off right
    expected = class_precision(scores.numpy(), truth.numpy())
    assert metric.evaluate(NUM_VIDEOS) == {
        'charades/mAP': pytest.approx(expected.mean),
        'charades/wAP': pytest.approx(expected.weighted),
        'charades/videos': NUM_VIDEOS,
        'charades/unlabelled': int((truth.sum(1) == 0).sum()),
        'charades/classes': NUM_CLASSES,
    }


def test_several_definitions_stand_side_by_side():
    scores, truth = draw()
    evaluator = EVALUATOR.build(
        dict(
            type='CompleteEvaluator',
            metrics=[
                dict(type='CharadesMAP'),
                dict(type='CharadesMAP', definition='maxi'),
                dict(type='CharadesMAP', definition='torchnet', prefix='bike'),
            ],
        )
    )
    evaluator.process(samples(scores, truth))
    found = evaluator.evaluate(NUM_VIDEOS)
    for prefix, definition in (('charades',) * 2, ('maxi',) * 2, ('bike', 'torchnet')):
        expected = class_precision(scores.numpy(), truth.numpy(), definition).mean
        assert found[f'{prefix}/mAP'] == pytest.approx(expected)
    assert found['videos/listed'] == found['videos/scored'] == NUM_VIDEOS
    assert next(iter(found)) == 'charades/mAP'  # what the best checkpoint is chosen by


@pytest.mark.parametrize('evaluator', ['CompleteEvaluator', 'Evaluator'])
def test_an_undecodable_video_is_the_worst_of_every_class(evaluator):
    scores, truth = draw()
    truth[3] = torch.tensor([1, 0, 0, 1])
    data = samples(scores, truth)
    data[3].set_metainfo(dict(undecodable='it is empty'))
    evaluator = EVALUATOR.build(dict(type=evaluator, metrics=[dict(type='CharadesMAP')]))
    evaluator.process(data)
    scores[3] = -torch.inf
    expected = class_precision(scores.numpy(), truth.numpy()).mean
    assert evaluator.evaluate(NUM_VIDEOS)['charades/mAP'] == pytest.approx(expected)


@pytest.mark.parametrize('suffix', ['csv', 'json'])
def test_the_table_of_classes(tmp_path, suffix):
    scores, truth = draw()
    truth[:, 2] = 0
    path = tmp_path / f'classes.{suffix}'
    metric = build(per_class_file=str(path), labels=['run', 'jump', 'sing', 'dance'])
    metric.process(None, [s.to_dict() for s in samples(scores, truth)])
    found = metric.evaluate(NUM_VIDEOS)
    rows = read_class_rows(path)
    assert [row.name for row in rows] == ['run', 'jump', 'sing', 'dance']
    assert [row.positives for row in rows] == truth.sum(0).int().tolist()
    assert np.nanmean([row.ap for row in rows]) == pytest.approx(found['charades/mAP'])
    assert np.isnan(rows[2].ap) and found['charades/classes'] == 3


def test_refuses_what_cannot_be_ranked():
    with pytest.raises(ValueError, match="definition must be one of .* got 'coco'"):
        build(definition='coco')
    with pytest.raises(ValueError, match='must end in .csv or .json'):
        build(per_class_file='classes.txt')
    with pytest.raises(FileNotFoundError, match='nowhere.txt'):
        build(labels='nowhere.txt')
    one_label = dict(pred_score=torch.randn(4), gt_label=torch.tensor([2]))
    per_view = dict(pred_score=torch.randn(3, 4), gt_label=torch.ones(4))
    for sample in (one_label, per_view):
        with pytest.raises(ValueError, match='per class, .*: set multi_class=True'):
            build().process(None, [sample])


@pytest.mark.slow
def test_two_processes_rank_like_one(tmp_path, run_tool):
    """With an odd number of videos, so that the sampler pads one."""
    run_tool('tests/map_worker.py', tmp_path)
    one, two = (json.loads((tmp_path / f'{world}.json').read_text()) for world in (1, 2))
    assert one == two
    assert one['charades/videos'] == 11
