"""Tokenizers: CLIP's own, those of a folder, and one sentence where there is none."""

import importlib.util

import pytest
import torch
from mmaction.registry import MODELS

from actionclip_mm.clip import get_tokenizer


@pytest.mark.parametrize(
    'arch, length',
    [('ViT-B-16', 77), ('ViT-B/16', 77), ('PE-Core-B-16', 32), ('coca_ViT-B-32', 76)],
)
def test_length_is_that_of_the_model(arch, length):
    tokens = get_tokenizer(arch)(['a video of clap'])
    assert tokens.shape == (1, length) and tokens[0, 0] == 49406


def test_a_dict_names_its_tokenizer(tiny_arch, tokenizer_folder):
    """SigLIP's settings: cleaning removes punctuation, the padding is the tokenizer's own."""
    text_cfg = dict(
        tiny_arch['text_cfg'],
        context_length=6,
        hf_tokenizer_name=tokenizer_folder,
        tokenizer_kwargs=dict(clean='canonicalize'),
    )
    tokens = get_tokenizer(dict(tiny_arch, text_cfg=text_cfg))(['A VIDEO, of wave!', 'clap'])
    assert tokens.tolist() == [[3, 4, 5, 7, 1, 0], [6, 1, 0, 0, 0, 0]]


def test_a_folder_replaces_what_the_model_names(shrunken_models, tokenizer_folder):
    encoder = MODELS.build(
        dict(
            type='TextPromptLabelEncoder',
            labels=['clap', 'wave'],
            templates='label_only',
            arch='ViT-B-16-SigLIP2',
            tokenizer=tokenizer_folder,
        )
    )
    assert encoder.tokens.shape == (1, 2, 64) and not encoder.trims_tokens
    assert encoder.tokens[0, :, :3].tolist() == [[6, 1, 0], [7, 1, 0]]
    assert encoder().isfinite().all()


def test_long_sentences_of_a_folder_are_named(tiny_arch, tokenizer_folder, monkeypatch):
    said = []
    monkeypatch.setattr(
        'actionclip_mm.models.text.tokens.print_log', lambda message, *args: said.append(message)
    )
    text_cfg = dict(tiny_arch['text_cfg'], context_length=4)
    MODELS.build(
        dict(
            type='TextPromptLabelEncoder',
            labels=['clap', 'a video of wave'],
            templates='label_only',
            arch=dict(tiny_arch, text_cfg=text_cfg),
            tokenizer=tokenizer_folder,
        )
    )
    assert len(said) == 1 and '1 of 2 sentences exceed 4 tokens' in said[0]


def test_a_tokenizer_that_cannot_be_downloaded(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError('no network')

    monkeypatch.setattr('socket.create_connection', refuse)
    monkeypatch.setattr('actionclip_mm.clip.hub.getproxies', dict)
    monkeypatch.setattr('open_clip.tokenizer.HFTokenizer', refuse)
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: object())
    with pytest.raises(FileNotFoundError, match="'timm/ViT-B-16-SigLIP2' is not on this machine"):
        get_tokenizer('ViT-B-16-SigLIP2')
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(ImportError, match='the package transformers, which is not installed'):
        get_tokenizer('ViT-B-16-SigLIP2')


def test_a_function_is_taken_as_it_is():
    def lengths(texts):
        return torch.tensor([[len(text)] for text in texts])

    assert get_tokenizer('ViT-B-16-SigLIP2', lengths) is lengths


@pytest.mark.parametrize(
    'arch, error', [('ViT-B-61', ValueError), ({}, ValueError), (3, TypeError)]
)
def test_an_unknown_arch_is_refused_as_everywhere(arch, error):
    with pytest.raises(error, match='arch'):
        get_tokenizer(arch)
