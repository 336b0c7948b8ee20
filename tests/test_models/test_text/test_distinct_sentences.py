"""Sentences are sorted by length and encoded once, and come back in the order of the classes."""

import pytest
import torch

from actionclip_mm.models.text import TextPromptLabelEncoder, read_templates, sentence_encoder
from actionclip_mm.models.text.distinct_sentences import find_distinct

LABELS = ['run', 'playing a very long game of chess', 'brushing hair', 'swim', 'arm wrestling']
TEMPLATES = ['{}', 'Can you recognize the action of {}?', 'a {}', 'run {}']


def build(arch, **settings):
    torch.manual_seed(0)
    return TextPromptLabelEncoder(
        **{**dict(labels=LABELS, templates=TEMPLATES, arch=arch), **settings}
    ).eval()


def count_tokens(encoder, monkeypatch):
    seen = []
    original = encoder.text.forward
    monkeypatch.setattr(encoder.text, 'forward', lambda t: seen.append(t.shape) or original(t))
    return seen


def test_places_lead_back_to_every_sentence():
    tokens = torch.tensor([[1, 9, 0, 0], [1, 2, 9, 0], [1, 9, 0, 0], [1, 2, 3, 9]])
    rows, places = find_distinct(tokens, None, by_length=True)
    assert rows.tolist() == [3, 1, 0]
    assert torch.equal(tokens[rows][places], tokens)
    rows, places = find_distinct(tokens, torch.tensor([0, 1, 2, 3]), by_length=True)
    assert len(rows) == 4 and torch.equal(tokens[rows][places], tokens)
    rows, places = find_distinct(tokens, None, by_length=False)
    assert rows.tolist() == [0, 1, 3] and torch.equal(tokens[rows][places], tokens)


@pytest.mark.parametrize('context', [None, False, True])
def test_sorted_sentences_give_the_same_features_and_gradients(tiny_arch, monkeypatch, context):
    monkeypatch.setattr(sentence_encoder, 'CHUNK', 3)
    if context is not None:
        context = dict(type='LearnableContext', num_context=2, per_class=context)
    ours, plain = (
        build(tiny_arch, context=context, bank=dict(sort=sort)) for sort in (True, False)
    )
    plain.load_state_dict(ours.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(ours(), plain(), rtol=1e-5, atol=1e-6)
    for encoder in (ours, plain):
        torch.manual_seed(1)
        features = encoder.double()()
        (features * torch.randn_like(features)).sum().backward()
    for (name, mine), other in zip(ours.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-9, atol=1e-12, msg=name)


def test_classes_with_different_numbers_of_sentences(tiny_arch):
    templates = ['{}', 'the {}', 'long words of {}']
    prompts = {label: templates[: i % 3 + 1] for i, label in enumerate(LABELS)}
    ours, plain = (
        build(tiny_arch, templates=prompts, bank=dict(sort=sort)) for sort in (True, False)
    )
    with torch.no_grad():
        torch.testing.assert_close(ours(), plain(), rtol=1e-5, atol=1e-6)


def test_a_sentence_that_is_there_twice_is_encoded_once(tiny_arch, monkeypatch):
    prompts = {'run': ['a person moves', 'fast {}'], 'swim': ['a person moves', 'wet {}']}
    encoder = build(tiny_arch, labels=['run', 'swim'], templates=prompts)
    seen = count_tokens(encoder, monkeypatch)
    with torch.no_grad():
        features = encoder()
    assert sum(shape[0] for shape in seen) == 3
    assert torch.equal(features[0, 0], features[0, 1])


def test_a_bidirectional_tower_reads_whole_rows(tiny_arch, monkeypatch):
    arch = dict(tiny_arch, text_cfg=dict(tiny_arch['text_cfg'], no_causal_mask=True))
    ours, plain = (build(arch, bank=dict(sort=sort)) for sort in (True, False))
    seen = count_tokens(ours, monkeypatch)
    with torch.no_grad():
        torch.testing.assert_close(ours(), plain(), rtol=1e-5, atol=1e-6)
    assert {shape[1] for shape in seen} == {77}


def test_tokens_through_the_tower(tiny_arch, monkeypatch):
    """At most 10 % more than the sentences have, where chunks in their order need 30 % more."""
    monkeypatch.setattr(sentence_encoder, 'CHUNK', 64)
    words = [
        'run',
        'swimming',
        'playing chess',
        'brushing hair',
        'cleaning a very old pool',
    ]
    labels = [f'{words[i % 5]} {chr(97 + i // 26)}{chr(97 + i % 26)}' for i in range(60)]
    counts = {}
    for sort in (True, False):
        encoder = build(
            tiny_arch, labels=labels, templates=read_templates('actionclip16'), bank=dict(sort=sort)
        )
        seen = count_tokens(encoder, monkeypatch)
        with torch.no_grad():
            encoder()
        counts[sort] = sum(shape.numel() for shape in seen)
    least = int((encoder.tokens.argmax(dim=-1) + 1).sum())
    assert counts[True] < 1.1 * least < 1.3 * least < counts[False]


def test_a_gpu_is_not_asked_for_lengths_in_training(tiny_arch):
    """The meta device stands for it: like a GPU, it does not know its numbers here and now."""
    encoder = build(tiny_arch).train().to('meta')
    tokens = encoder.draw_tokens(torch.tensor([0, 1, 2], device='meta'))
    longest = int((build(tiny_arch).tokens.argmax(dim=-1) + 1).max())
    assert tokens.shape == (3, longest)
    assert encoder.encode_tokens(tokens).shape == (3, 32)


def test_unknown_options(tiny_arch):
    for wrong in (dict(sorted=True), dict(disk='no')):
        with pytest.raises(ValueError, match='label_encoder.bank takes sort, reuse, norm.*, disk'):
            build(tiny_arch, bank=wrong)
