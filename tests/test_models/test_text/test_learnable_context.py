"""Learned context vectors: where they go, that they learn, and what they refuse."""

import copy

import pytest
import torch
from mmaction.registry import MODELS

LABELS = ['arm wrestling', 'brush hair', 'jumping']


def build(arch, **context):
    return MODELS.build(
        dict(
            type='TextPromptLabelEncoder',
            labels=LABELS,
            templates=['{}', 'A video of {}'],
            arch=arch,
            context=dict(type='LearnableContext', num_context=4, **context) if context else None,
        )
    ).eval()


def test_the_embedding_of_the_placeholder_gives_the_plain_features(tiny_arch):
    encoder = build(tiny_arch, per_class=False)
    placeholder = encoder.tokens[0, 0, 1]
    assert (encoder.tokens[:, :, 1:5] == placeholder).all()
    with torch.no_grad():
        learned = encoder()
        encoder.context.vectors[:] = encoder.text.token_embedding.weight[placeholder]
        same = encoder()
        plain = build(tiny_arch)
        plain.text.load_state_dict(encoder.text.state_dict())
        plain.set_labels(['x x x x arm wrestling'])
        # 'x x x x' stands before the whole sentence, so only the bare template agrees
        torch.testing.assert_close(plain()[0, 0], same[0, 0])
    assert not torch.allclose(learned, same)


def test_each_class_reads_its_own_vectors(tiny_arch):
    encoder = build(tiny_arch, per_class=True)
    encoder()[:, 1].sum().backward()
    rows = encoder.context.vectors.grad.abs().sum(dim=(1, 2))
    assert rows[1] > 0 and rows[0] == rows[2] == 0
    encoder.zero_grad()
    encoder.encode_tokens(encoder.draw_tokens(torch.tensor([2, 2]))).sum().backward()
    rows = encoder.context.vectors.grad.abs().sum(dim=(1, 2))
    assert rows[2] > 0 and rows[0] == rows[1] == 0


def test_changed_vectors_are_noticed_by_the_cache(tiny_arch):
    encoder = build(tiny_arch, per_class=False)
    with torch.no_grad():
        before = encoder()
        encoder.context.vectors.add_(1)
        assert not torch.equal(encoder(), before)


def test_a_copy_uses_its_own_vectors(tiny_arch):
    encoder = build(tiny_arch, per_class=False)
    copied = copy.deepcopy(encoder)
    with torch.no_grad():
        copied.context.vectors.zero_()
        assert not torch.equal(copied(), encoder())


def test_other_labels(tiny_arch):
    shared = build(tiny_arch, per_class=False)
    shared.set_labels(['a', 'b', 'c', 'd'])
    assert shared().shape == (2, 4, 32)
    own = build(tiny_arch, per_class=True)
    with pytest.raises(ValueError, match='belong to 3 classes'):
        own.set_labels(['a', 'b', 'c', 'd'])
    with pytest.raises(ValueError, match='other labels came'):
        own.set_labels([*LABELS[::-1]])
    own.set_labels(LABELS, 'label_only')
    assert own.labels == tuple(LABELS), 'a refused exchange changes nothing'


def test_refusals(tiny_arch):
    with pytest.raises(ValueError, match='num_context must be a positive integer, got 0'):
        MODELS.build(
            dict(type='LearnableContext', text=build(tiny_arch).text, num_classes=3, num_context=0)
        )
    with pytest.raises(ValueError, match='cannot work inside a Linear'):
        MODELS.build(dict(type='LearnableContext', text=torch.nn.Linear(2, 2), num_classes=3))


@pytest.mark.parametrize('length', [77, 20])
def test_a_label_needs_room_behind_the_vectors(tiny_arch, length):
    arch = dict(tiny_arch, text_cfg=dict(tiny_arch['text_cfg'], context_length=length))
    encoder = dict(
        type='TextPromptLabelEncoder', labels=LABELS[2:], templates='label_only', arch=arch
    )
    context = dict(type='LearnableContext', num_context=length - 3)
    most = MODELS.build(dict(encoder, context=context))
    assert most.tokens[0, 0, -2] == most.tokenizer.encode('jumping')[0]
    context['num_context'] += 1
    with pytest.raises(ValueError, match=rf'leaves no room .*: set it to {length - 3} or less'):
        MODELS.build(dict(encoder, context=context))
