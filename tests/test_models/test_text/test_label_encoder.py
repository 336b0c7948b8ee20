"""The label encoder: sentence order, trimming, caching, exchange of classes."""

import pytest
import torch
from mmaction.registry import MODELS

from actionclip_mm.models.text import TextPromptLabelEncoder, sentence_encoder

LABELS = ['arm wrestling', 'BrushHair', 'cleaning pool']
TEMPLATES = ['{}', 'A video of {}', 'Can you recognize the action of {}?']


@pytest.fixture
def encoder(tiny_arch):
    return MODELS.build(
        dict(type='TextPromptLabelEncoder', labels=LABELS, templates=TEMPLATES, arch=tiny_arch)
    ).eval()


def test_row_p_class_c_is_template_p_of_class_c(encoder):
    features = encoder()
    assert features.shape == (3, 3, 32)
    sentence = encoder.tokenize(['A video of brush hair'])
    torch.testing.assert_close(features[1, 1], encoder.encode_tokens(sentence)[0])
    assert encoder.sentences[0][2] == 'Can you recognize the action of arm wrestling?'


def test_trimmed_tokens_give_the_same_features_and_gradients(encoder):
    encoder.double()
    tokens = encoder.tokens.flatten(0, 1)

    def run(trims):
        encoder.trims_tokens = trims
        encoder.zero_grad()
        features = encoder.encode_tokens(tokens)
        features.square().sum().backward()
        return features, [p.grad.clone() for p in encoder.parameters()]

    (full, full_grads), (short, short_grads) = run(False), run(True)
    assert encoder.tokens.shape[-1] == 77
    torch.testing.assert_close(short, full, rtol=1e-9, atol=1e-12)
    for a, b in zip(short_grads, full_grads, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


def test_bidirectional_tower_is_not_trimmed(tiny_arch):
    arch = dict(tiny_arch, text_cfg=dict(tiny_arch['text_cfg'], no_causal_mask=True))
    encoder = MODELS.build(dict(type='TextPromptLabelEncoder', labels=LABELS, arch=arch))
    assert not encoder.trims_tokens
    assert encoder().shape == (16, 3, 32)


def test_random_template_per_video_stays_with_its_label(encoder):
    labels = torch.tensor([0, 1, 2] * 30)
    drawn = encoder.draw_tokens(labels)
    used = set()
    for label, tokens in zip(labels, drawn, strict=True):
        (match,) = torch.where((encoder.tokens[:, label] == tokens).all(dim=1))[0].tolist()
        used.add(match)
    assert used == {0, 1, 2}


def test_features_are_kept_while_nothing_changes(encoder, monkeypatch):
    calls = []
    original = encoder.encode_tokens
    monkeypatch.setattr(encoder, 'encode_tokens', lambda t: calls.append(1) or original(t))
    with torch.no_grad():
        first = encoder()
        assert encoder() is first and len(calls) == 1
        encoder.text.ln_final.weight.mul_(2)
        assert not torch.equal(encoder(), first) and len(calls) == 2
        encoder.text.ln_final.weight.data = torch.zeros(32)  # as weight averaging does
        encoder.eval()
        encoder()
        assert len(calls) == 3
    encoder()
    assert len(calls) == 4, 'with gradients nothing is kept'


def test_set_labels_changes_length_and_keeps_templates(encoder):
    with torch.no_grad():
        before = encoder()
        encoder.set_labels(['jumping', 'arm wrestling'])
        after = encoder()
    assert after.shape == (3, 2, 32)
    torch.testing.assert_close(after[:, 1], before[:, 0])
    encoder.set_labels(['jumping'], 'label_only')
    assert encoder.sentences == [['jumping']]


@pytest.mark.parametrize('frozen_stages', ['all', -1])
def test_set_labels_encodes_new_sentences_only(tiny_arch, frozen_stages):
    names = [f'action {letter}' for letter in 'abcdef']
    encoder = TextPromptLabelEncoder(names, TEMPLATES, tiny_arch, frozen_stages=frozen_stages)
    seen = []
    encoder.eval().text.register_forward_hook(lambda _, args, out: seen.append(len(args[0])))
    with torch.no_grad():
        encoder()
        assert sum(seen) == 18
        encoder.set_labels([*names[2:], 'jump', 'swim'])
        mixed = encoder()
        assert sum(seen) == 18 + 6
        encoder.set_labels(names)
        encoder.bank(['swim', 'action f'])
        encoder()
        assert sum(seen) == 18 + 6, 'the first list is known'
        encoder.text.ln_final.weight.mul_(2)
        encoder()
        assert sum(seen) == 18 + 6 + 18, 'of other weights'
        encoder.text.ln_final.weight.div_(2)
        plain = TextPromptLabelEncoder(
            names, TEMPLATES, tiny_arch, frozen_stages=frozen_stages, bank=dict(reuse=False)
        ).eval()
        plain.load_state_dict(encoder.state_dict())
        plain()
        plain.set_labels([*names[2:], 'jump', 'swim'])
        torch.testing.assert_close(plain(), mixed, rtol=1e-5, atol=1e-6)


def test_few_sentences_of_earlier_lists_are_kept(encoder, monkeypatch):
    monkeypatch.setattr('actionclip_mm.models.text.label_encoder.MOST_KEPT', 4)
    with torch.no_grad():
        encoder()
        encoder.set_labels(['jump'])
        assert len(encoder._memo._features) == 4
        encoder()
        assert len(encoder._memo._features) == 7


def test_directions_follow_weights_and_labels(encoder):
    def check():
        length_1 = torch.nn.functional.normalize(encoder(), dim=-1)
        torch.testing.assert_close(encoder.directions(), length_1)
        bank = encoder.bank()
        torch.testing.assert_close(encoder.directions(averaged=True)[0], bank.mean())
        return encoder.directions()

    with torch.no_grad():
        first = check()
        assert encoder.directions() is first
        encoder.text.ln_final.weight[:5].mul_(2)
        assert not torch.equal(check(), first)
        encoder.text.ln_final.weight.data[:5].mul_(2)  # as weight averaging does
        encoder.eval()
        assert not torch.equal(check(), first)
        encoder.set_labels(['jump'])
        assert check().shape == (3, 1, 32)
        with torch.autocast('cpu', dtype=torch.bfloat16):
            assert encoder.directions().dtype == torch.float32
            assert not torch.equal(encoder.directions(), encoder.bank().features.float())
    assert not encoder.directions().requires_grad


def test_the_checkpoint_does_not_depend_on_the_labels(encoder, tiny_arch):
    other = MODELS.build(dict(type='TextPromptLabelEncoder', labels=['x'], arch=tiny_arch))
    other.load_state_dict(encoder.state_dict(), strict=True)
    other.set_labels(LABELS, TEMPLATES)
    torch.testing.assert_close(other.eval()(), encoder())


def test_long_sentences_are_cut_with_end_of_text_and_named(tiny_arch, monkeypatch):
    said = []
    monkeypatch.setattr(
        'actionclip_mm.models.text.tokens.print_log', lambda message, *args: said.append(message)
    )
    label = ' '.join(['word'] * 100)
    encoder = MODELS.build(
        dict(type='TextPromptLabelEncoder', labels=[label], templates='label_only', arch=tiny_arch)
    )
    assert encoder.tokens[0, 0, -1] == 49407
    assert encoder().isfinite().all()
    assert len(said) == 1 and '1 of 1 sentences exceed 77 tokens' in said[0]


def test_init_weights_leaves_loaded_weights(encoder):
    before = {key: value.clone() for key, value in encoder.state_dict().items()}
    encoder.init_weights()
    assert all(torch.equal(before[key], value) for key, value in encoder.state_dict().items())


def test_classes_with_different_numbers_of_sentences(encoder):
    encoder.set_labels(['jump', 'run'], {'jump': ['up', 'high', 'over a bar'], 'run': ['fast']})
    features = encoder()
    assert features.shape == (3, 2, 32) and encoder.num_sentences.tolist() == [3, 1]
    torch.testing.assert_close(features[0, 1], features[2, 1])
    drawn = encoder.draw_tokens(torch.tensor([0, 1] * 20))
    assert len(drawn[::2].unique(dim=0)) == 3 and len(drawn[1::2].unique(dim=0)) == 1


def test_bad_labels_change_nothing(encoder):
    with pytest.raises(ValueError, match="both 'a'"):
        encoder.set_labels(['a', 'a'])
    with pytest.raises(FileNotFoundError):
        encoder.set_labels(['a'], 'nowhere')
    assert len(encoder.labels) == 3 and encoder.tokens.shape[:2] == (3, 3)


def test_numbered_files_and_published_lists_are_taken(encoder, tmp_path):
    """``set_labels`` is what ``LabelSwitchHook``, predictions and protocols call."""
    path = tmp_path / 'classInd.txt'
    path.write_text('3 YoYo\r\n1 ApplyEyeMakeup\r\n2 Archery\r\n')
    encoder.set_labels(str(path))
    assert encoder.labels == ('apply eye makeup', 'Archery', 'yo yo')
    names = [f'element {chr(97 + index)}' for index in range(9)] + ['element c']
    encoder.set_labels(names)
    assert encoder.labels == tuple(names)
    tokens = encoder.tokens[0]
    assert torch.equal(tokens[2], tokens[9]) and not torch.equal(tokens[2], tokens[3])
    encoder.set_labels(encoder.labels, encoder.prompts)  # as LabelSwitchHook brings them back


def test_progress_of_many_sentences(tiny_arch, monkeypatch):
    titles = []

    def watch(items, title):
        titles.append((len(items), title))
        yield from items

    monkeypatch.setattr(sentence_encoder, 'with_progress', watch)
    monkeypatch.setattr(sentence_encoder, 'CHUNK', 4)
    encoder = TextPromptLabelEncoder(['x', 'y', 'z'], ['{}', 'a {}', 'the {}'], tiny_arch)
    with torch.no_grad():
        quiet = encoder()
    assert titles == [(3, 'encoding 9 sentences')]
    assert torch.equal(encoder(), quiet) and len(titles) == 1  # with gradients: silent
