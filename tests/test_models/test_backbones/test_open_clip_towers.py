"""Any open_clip model as image and text tower: sizes, tokenizers, activations of each family."""

import open_clip
import pytest
import torch
from mmaction.registry import MODELS
from open_clip.transformer import QuickGELU
from torch import nn

from actionclip_mm.clip import build_clip
from actionclip_mm.clip.hub import skip_loading_weights

# name, frame size, first pixel mean, context length
FAMILIES = [
    ('ViT-B-32', 224, 122.77, 77),
    ('ViT-B-16', 224, 122.77, 77),
    ('ViT-L-14', 224, 122.77, 77),
    ('RN50', 224, 122.77, 77),
    ('ViT-B-16-SigLIP2', 224, 127.5, 64),
    ('EVA02-B-16', 224, 122.77, 77),
    ('MobileCLIP-S1', 256, 0.0, 77),
    ('convnext_base', 224, 122.77, 77),
    ('PE-Core-T-16-384', 384, 127.5, 32),
    ('coca_ViT-B-32', 224, 122.77, 76),
]


class WordHashes:
    """Stands for a tokenizer that cannot be downloaded: ids of words by their letters."""

    def __init__(self, context_length: int) -> None:
        self.context_length = context_length

    def __call__(self, texts: list[str]) -> torch.Tensor:
        tokens = torch.zeros(len(texts), self.context_length, dtype=torch.long)
        for row, text in enumerate(texts):
            ids = [sum(word.encode()) for word in text.split()][: self.context_length]
            tokens[row, : len(ids)] = torch.tensor(ids)
        return tokens


def build_towers(name: str, context: int) -> tuple[nn.Module, nn.Module]:
    encoder = MODELS.build(dict(type='CLIPImageEncoder', arch=name))
    label_encoder = MODELS.build(
        dict(
            type='TextPromptLabelEncoder',
            labels=['clap', 'wave hands'],
            templates='label_only',
            arch=name,
            tokenizer=WordHashes(context) if 'SigLIP' in name else None,
        )
    )
    return encoder, label_encoder


@pytest.mark.parametrize('name, size, mean, context', FAMILIES)
def test_each_family_with_its_own_settings(shrunken_models, name, size, mean, context):
    encoder, label_encoder = build_towers(name, context)
    assert encoder.preprocess.size == (size, size)
    assert encoder.preprocess.mean[0] == pytest.approx(mean, abs=0.01)
    assert label_encoder.tokens.shape == (1, 2, context)
    video = encoder(torch.randn(2, 3, 2, size, size))
    text = label_encoder()
    assert video.shape == (2, 2, encoder.out_channels)
    assert text.shape == (1, 2, label_encoder.out_channels)
    assert encoder.out_channels == label_encoder.out_channels
    (video.square().sum() + text.square().sum()).backward()
    assert all(p.grad is not None for p in encoder.parameters())


@pytest.mark.slow
@pytest.mark.parametrize('name', [name for name, *_ in FAMILIES if name != 'ViT-L-14'])
def test_each_family_at_its_full_size(name):
    model = build_clip(name).eval()
    with torch.no_grad():
        video = model.visual(torch.randn(1, 3, *_pair(model.visual.image_size)))
        text = model.text(torch.randint(1, 1000, (1, model.text.context_length)))
    assert video.shape == text.shape == (1, model.text.output_dim)
    assert video.isfinite().all() and text.isfinite().all()


def _pair(size: int | tuple[int, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def uses_quick_gelu(tower: nn.Module) -> bool:
    return any(isinstance(module, QuickGELU) for module in tower.modules())


@pytest.mark.parametrize(
    'name, tag, quick',
    [
        ('ViT-B-16', 'openai', True),
        ('ViT-B-16-quickgelu', 'openai', True),
        ('ViT-L-14', 'openai', True),
        ('ViT-B-16', 'laion2b_s34b_b88k', False),
        ('ViT-B-16-quickgelu', 'dfn2b', True),
        ('ViT-B-16', None, False),
    ],
)
@pytest.mark.parametrize('unread', [False, True])
def test_activation_is_that_of_the_weights(
    shrunken_models, monkeypatch, tmp_path, name, tag, quick, unread
):
    """OpenAI trained with QuickGELU; running its weights with GELU is silently worse."""
    source = open_clip.create_model(name, force_quick_gelu=quick)
    torch.save(source.state_dict(), tmp_path / 'clip.pt')
    monkeypatch.setattr(
        'open_clip.factory.download_pretrained', lambda *args, **kwargs: str(tmp_path / 'clip.pt')
    )
    if unread:
        with skip_loading_weights():
            model = build_clip(name, tag)
    else:
        model = build_clip(name, tag)
    assert uses_quick_gelu(model.visual) is uses_quick_gelu(model.text) is quick
    if tag and not unread:
        frames, tokens = torch.randn(1, 3, 224, 224), torch.tensor([[49406, 5, 49407]])
        source.eval(), model.eval()
        torch.testing.assert_close(model.visual(frames), source.encode_image(frames))
        padded = nn.functional.pad(tokens, (0, 74))
        torch.testing.assert_close(model.text(padded), source.encode_text(padded))


def test_one_tower_pre_trained_the_other_random(shrunken_models, monkeypatch, tmp_path):
    """Table 2: `pretrained` is a key of each tower."""
    source = open_clip.create_model('ViT-B-32-quickgelu')
    torch.save(source.state_dict(), tmp_path / 'clip.pt')
    text = dict(labels=['clap'], arch='ViT-B-32-quickgelu', pretrained=None)
    label_encoder = MODELS.build(dict(type='TextPromptLabelEncoder', **text))
    encoder = MODELS.build(
        dict(
            type='CLIPImageEncoder', arch='ViT-B-32-quickgelu', pretrained=str(tmp_path / 'clip.pt')
        )
    )
    torch.testing.assert_close(encoder.visual.proj, source.visual.proj)
    assert not torch.equal(label_encoder.text.text_projection, source.text_projection)
    assert uses_quick_gelu(label_encoder), 'the random tower has the activation of its name'


def test_a_tokenizer_of_another_model_is_refused(shrunken_models):
    def large_ids(texts):
        return torch.full((len(texts), 64), 300_000)

    with pytest.raises(ValueError, match='ids up to 300000 but the text tower has 256000 tokens'):
        MODELS.build(
            dict(
                type='TextPromptLabelEncoder',
                labels=['clap'],
                arch='ViT-B-16-SigLIP2',
                tokenizer=large_ids,
            )
        )


def test_a_language_model_that_cannot_be_downloaded(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError('no network')

    monkeypatch.setattr('socket.create_connection', refuse)
    with pytest.raises(FileNotFoundError, match='xlm-roberta-base-ViT-B-32 is a language model'):
        build_clip('xlm-roberta-base-ViT-B-32')
