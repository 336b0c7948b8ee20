"""Where views, templates and classes meet the softmax."""

import pytest
import torch

from actionclip_mm.models.heads.score_pooling import ENSEMBLES, ScorePooling


@pytest.mark.parametrize('ensemble', ENSEMBLES)
@pytest.mark.parametrize('views', ['prob', 'score', 'max'])
def test_one_view_and_one_template_is_a_softmax(views, ensemble):
    logits = torch.randn(5, 1, 1, 7)
    pooled = ScorePooling(views, ensemble)(logits)
    torch.testing.assert_close(pooled, logits[:, 0, 0].softmax(dim=-1))


@pytest.mark.parametrize(
    'views, ensemble, by_hand',
    [
        ('prob', 'prob', lambda x: x.softmax(-1).mean((1, 2))),
        ('score', 'prob', lambda x: x.mean(1).softmax(-1).mean(1)),
        ('max', 'prob', lambda x: x.softmax(-1).mean(2).amax(1)),
        ('prob', 'score', lambda x: x.mean(2).softmax(-1).mean(1)),
        ('score', 'score', lambda x: x.mean((1, 2)).softmax(-1)),
        (None, 'prob', lambda x: x.softmax(-1).mean(2)),
    ],
)
def test_where_the_softmax_stands(views, ensemble, by_hand):
    logits = torch.randn(2, 3, 4, 5)
    torch.testing.assert_close(ScorePooling(views, ensemble)(logits), by_hand(logits))


@pytest.mark.parametrize('ensemble', ['prob', 'score'])
@pytest.mark.parametrize('views', ['prob', 'score'])
def test_similarities_are_averaged_whatever_the_order(views, ensemble):
    logits = torch.randn(2, 3, 4, 5)
    pooled = ScorePooling(views, ensemble, 'similarity')(logits)
    torch.testing.assert_close(pooled, logits.mean((1, 2)))


def test_classes_compete_in_the_softmax_only():
    """Another class' similarity must not move a video in the ranking of this class."""
    logits = torch.randn(2, 3, 4, 5)
    raised = logits.clone()
    raised[0, ..., 1] += 3
    for scores, equal in (('similarity', True), ('sigmoid', True), ('softmax', False)):
        pool = ScorePooling('prob', 'prob', scores)
        assert torch.equal(pool(logits)[:, 0], pool(raised)[:, 0]) is equal
