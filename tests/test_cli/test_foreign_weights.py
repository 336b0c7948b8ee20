"""Files that the foreign libraries themselves saved give the features of the foreign models."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import open_clip
import pytest
import torch
import torch.nn.functional as F
import transformers
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import load_checkpoint
from open_clip.model import set_model_preprocess_cfg
from open_clip.openai import load_openai_model
from open_clip.push_to_hf_hub import save_for_hf
from safetensors.torch import load_file
from torch import Tensor, nn

from actionclip_mm.cli.convert import main as convert_main
from actionclip_mm.cli.export import main as export_main
from actionclip_mm.clip import build_clip

EXACT = dict(rtol=1e-5, atol=1e-5)
# embedding, image tower and text tower all of different widths and numbers of heads
EMBED, VISION, TEXT = 48, 96, 80
VISION_HEADS, TEXT_HEADS, VOCABULARY = 3, 5, 49408
Converting = Callable[..., tuple[nn.Module, Config]]


@pytest.fixture
def converting(tmp_path: Path) -> Converting:
    """Function: converts a file and gives the model and the config that were written."""
    (tmp_path / 'labels.txt').write_text('clap hands\nfall down\n')

    def convert(source: Path, *options: str) -> tuple[nn.Module, Config]:
        out = tmp_path / 'converted' / 'model.safetensors'
        labels = ['--labels', str(tmp_path / 'labels.txt')]
        convert_main([str(source), str(out), '--force', *labels, *options])
        cfg = Config.fromfile(out.with_suffix('.py'))
        model = MODELS.build(cfg.model)
        load_checkpoint(model, str(out), map_location='cpu', strict=True)
        return model.eval(), cfg

    return convert


@torch.no_grad()
def features(model: nn.Module, images: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Normalised features of images [B, D] and of sentences [C, D] of a recognizer."""
    frames = model.backbone(images[:, :, None])[:, 0]  # [B, D], one frame per video
    texts = model.cls_head.label_encoder.encode_tokens(tokens)
    return F.normalize(frames, dim=-1), F.normalize(texts, dim=-1)


def scrambled(model: nn.Module) -> nn.Module:
    """Large random weights, with which every setting of a model shows."""
    with torch.no_grad():
        for value in model.parameters():
            if value.dim():
                value.add_(0.1 * torch.randn_like(value))
    return model.eval()


# ---------------------------------------------------------------- golden files of others


@pytest.mark.parity
@pytest.mark.parametrize('name', ['hf_layer_norm_eps', 'hf_preprocessor_half'])
@torch.no_grad()
def test_hugging_face_golden_files(
    name: str, golden: Callable, converting: Converting, record_property: Callable
) -> None:
    model, cfg = converting(golden(name) / 'model.safetensors')
    expected = {k: torch.from_numpy(v) for k, v in np.load(golden(name) / 'expected.npz').items()}
    frames = model.backbone(expected['video']).flatten(0, 1)  # [B·T, D]
    texts = model.cls_head.label_encoder.encode_tokens(expected['sentence_tokens'])
    similarity = F.normalize(frames, dim=-1) @ F.normalize(texts, dim=-1).T
    probs = (model.cls_head.logit_scale.exp() * similarity).softmax(-1)
    found = dict(image_features=frames, text_features=texts, probs=probs)
    for key, value in found.items():
        record_property('agreement', (name, key, float((value - expected[key]).abs().max())))
        torch.testing.assert_close(value, expected[key], **EXACT)
    pixels = model.data_preprocessor
    if name == 'hf_preprocessor_half':
        assert cfg.model.data_preprocessor.mean == cfg.model.data_preprocessor.std == [127.5] * 3
        assert pixels.mean.flatten().tolist() == [127.5] * 3
    else:
        clips_own = torch.tensor(open_clip.OPENAI_DATASET_MEAN) * 255
        torch.testing.assert_close(pixels.mean.flatten(), clips_own)


@pytest.mark.parity
@torch.no_grad()
def test_siglip_there_and_back(
    golden: Callable, converting: Converting, tmp_path: Path,
    record_property: Callable,
) -> None:  # fmt: skip
    """Logit bias, interpolation and resize mode survive convert and export."""
    source = golden('open_clip_siglip')
    _, cfg = converting(source / 'open_clip_model.safetensors')
    assert dict(type='CLIPResize', scale=(160, 160), keep_ratio=False) in cfg.test_pipeline
    converted = tmp_path / 'converted' / 'model.safetensors'
    out = tmp_path / 'out' / 'open_clip_model.safetensors'
    options = ['--config', str(converted.with_suffix('.py')), '--layout', 'open_clip']
    export_main([str(converted), str(out), *options])
    theirs = json.loads((source / 'open_clip_config.json').read_text())['preprocess_cfg']
    ours = json.loads(out.with_name('open_clip_config.json').read_text())['preprocess_cfg']
    assert ours == theirs
    clip = open_clip.create_model(f'local-dir:{out.parent}').eval()
    assert clip.logit_bias.item() == -10
    expected = {k: torch.from_numpy(v) for k, v in np.load(source / 'expected.npz').items()}
    images = clip.encode_image(expected['images'])
    texts = clip.encode_text(expected['sentence_tokens'])
    similarity = F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T
    probs = (clip.logit_scale.exp() * similarity + clip.logit_bias).sigmoid()
    found = dict(image_features=images, text_features=texts, sigmoid_probs=probs)
    for key, value in found.items():
        difference = float((value - expected[key]).abs().max())
        record_property('agreement', ('open_clip_siglip', key, difference))
        torch.testing.assert_close(value, expected[key], **EXACT)
    torch.testing.assert_close(probs, expected['sigmoid_probs'], rtol=1e-4, atol=0)  # all tiny


# ---------------------------------------------------------------- OpenAI


@pytest.fixture(params=['ViT', 'ResNet'])
def openai_archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A TorchScript archive in half precision with the three constants, as OpenAI publishes."""
    vit = dict(image_size=32, patch_size=16, width=192, layers=2, head_width=64)
    resnet = dict(image_size=64, patch_size=None, width=16, layers=[1, 1, 1, 1])
    clip = scrambled(
        open_clip.CLIP(
            embed_dim=EMBED,
            quick_gelu=True,
            vision_cfg=vit if request.param == 'ViT' else resnet,
            text_cfg=dict(context_length=77, vocab_size=VOCABULARY, width=128, heads=2, layers=2),
        )
    )
    size = 32 if request.param == 'ViT' else 64
    constants = dict(input_resolution=size, context_length=77, vocab_size=VOCABULARY)
    for name, value in constants.items():
        vars(clip).pop(name, None)  # open_clip keeps some as plain numbers
        clip.register_buffer(name, torch.tensor(value))
    mask = clip._buffers.pop('attn_mask')
    clip.attn_mask = mask  # a constant, as in OpenAI's archives
    images, tokens = torch.randn(2, 3, size, size), open_clip.tokenize(['clap hands', 'sit'])
    archive = torch.jit.trace_module(clip, dict(encode_image=images, encode_text=tokens))
    archive.half().save(str(tmp_path / 'CLIP.pt'))
    return tmp_path / 'CLIP.pt'


@pytest.mark.filterwarnings('ignore::torch.jit.TracerWarning')
@torch.no_grad()
def test_openai_archive(openai_archive: Path, converting: Converting) -> None:
    clip = load_openai_model(str(openai_archive), precision='fp32', device='cpu').eval()
    model, _ = converting(openai_archive)
    size = model.backbone.preprocess.size
    images, tokens = torch.randn(3, 3, *size), open_clip.tokenize(['clap hands', 'sit'])
    found = features(model, images, tokens)
    torch.testing.assert_close(found[0], clip.encode_image(images, normalize=True), **EXACT)
    torch.testing.assert_close(found[1], clip.encode_text(tokens, normalize=True), **EXACT)


# ---------------------------------------------------------------- Hugging Face


def hugging_face(text: dict | None = None, vision: dict | None = None) -> nn.Module:
    """A tiny ``CLIPModel``; the embedding is that of its text tower's config."""
    common = dict(num_hidden_layers=2, projection_dim=EMBED)
    config = transformers.CLIPConfig(
        text_config=common
        | dict(hidden_size=TEXT, num_attention_heads=TEXT_HEADS, intermediate_size=160)
        | dict(vocab_size=VOCABULARY, eos_token_id=49407, bos_token_id=49406, pad_token_id=0)
        | (text or {}),
        vision_config=common
        | dict(hidden_size=VISION, num_attention_heads=VISION_HEADS, intermediate_size=384)
        | dict(image_size=32, patch_size=8)
        | (vision or {}),
        projection_dim=EMBED,
    )
    return scrambled(transformers.CLIPModel(config))


@torch.no_grad()
def assert_like_hugging_face(model: nn.Module, clip: nn.Module, tokens: Tensor) -> None:
    images = torch.randn(3, 3, *[clip.config.vision_config.image_size] * 2)
    theirs = clip(input_ids=tokens, pixel_values=images)
    found = features(model, images, tokens)
    torch.testing.assert_close(found[0], theirs.image_embeds, **EXACT)
    torch.testing.assert_close(found[1], theirs.text_embeds, **EXACT)
    logits = model.cls_head.logit_scale.exp() * found[0] @ found[1].T
    torch.testing.assert_close(logits, theirs.logits_per_image, rtol=1e-5, atol=1e-4)


BOTH = [
    *(dict(hidden_act=name) for name in ('quick_gelu', 'gelu', 'gelu_new', 'gelu_pytorch_tanh')),
    dict(layer_norm_eps=1e-2),
]
ONE_TOWER = [
    (dict(hidden_act='gelu_fast'), dict(hidden_act='gelu')),
    (dict(layer_norm_eps=1e-3), {}),
    ({}, dict(image_size=35)),  # the last pixels are no patch
    (dict(eos_token_id=2), {}),  # of old configs: the largest id
    (dict(eos_token_id=600), {}),
    (dict(max_position_embeddings=20), {}),
]


@pytest.mark.parametrize(('text', 'vision'), [*zip(BOTH, BOTH, strict=True), *ONE_TOWER])
def test_hugging_face_settings(
    text: dict, vision: dict, converting: Converting, tmp_path: Path
) -> None:
    clip = hugging_face(text, vision)
    clip.save_pretrained(tmp_path / 'clip')
    model, cfg = converting(tmp_path / 'clip' / 'model.safetensors')
    length = text.get('max_position_embeddings', 77)
    tokens = open_clip.tokenize(['clap hands', 'a video of it'], context_length=length)
    if text.get('eos_token_id') == 600:
        tokens[0, 2], tokens[1, 4] = 600, 600
    assert_like_hugging_face(model, clip, tokens)
    size = vision.get('image_size', 32)
    assert cfg.arch.vision_cfg.image_size == size
    assert dict(type='CLIPCenterCrop', crop_size=size) in cfg.test_pipeline


@pytest.mark.parametrize('kind', ['safetensors', 'bin', 'sharded safetensors', 'sharded bin'])
def test_hugging_face_saves(
    kind: str, converting: Converting, tmp_path: Path, refused: Callable
) -> None:
    clip = hugging_face()
    folder = tmp_path / 'clip'
    clip.save_pretrained(folder, max_shard_size='1MB' if 'sharded' in kind else '1GB')
    index = folder / 'model.safetensors.index.json'
    assert index.is_file() == ('sharded' in kind)
    if kind.endswith('bin'):
        index = as_bin(folder)
    assert_like_hugging_face(
        converting(index if 'sharded' in kind else index.with_name(index.name[:-11]))[0],
        clip,
        open_clip.tokenize(['clap hands', 'sit']),
    )
    if 'sharded' in kind:
        part = sorted(folder.glob('*-00001-of-*'))[0]
        refused(convert_main, [part, tmp_path / 'a.pth'], 'is one part of a sharded save')
        part.unlink()
        refused(convert_main, [index, tmp_path / 'a.pth'], 'fetch all files')


def as_bin(folder: Path) -> Path:
    """What versions before transformers 5 wrote: the same tensors by ``torch.save``."""
    for path in folder.glob('*.safetensors'):
        name = path.name.replace('model', 'pytorch_model').replace('.safetensors', '.bin')
        torch.save(load_file(path), path.with_name(name))
        path.unlink()
    index = folder / 'model.safetensors.index.json'
    renamed = folder / 'pytorch_model.bin.index.json'
    if index.is_file():
        text = index.read_text().replace('.safetensors', '.bin').replace('model-', 'pytorch_model-')
        renamed.write_text(text)
        index.unlink()
    return renamed


@pytest.mark.parametrize('file', ['preprocessor_config.json', 'processor_config.json'])
def test_hugging_face_pixels(file: str, converting: Converting, tmp_path: Path) -> None:
    hugging_face().save_pretrained(tmp_path / 'clip')
    processor = transformers.CLIPImageProcessor(
        image_mean=[0.1, 0.2, 0.3], image_std=[0.4, 0.5, 0.6], resample=2, rescale_factor=1 / 127.5,
        size=dict(shortest_edge=32), crop_size=dict(height=32, width=32),
    )  # fmt: skip
    processor.save_pretrained(tmp_path / 'clip')
    saved = tmp_path / 'clip' / 'preprocessor_config.json'
    if file == 'processor_config.json':  # what a whole processor writes
        content = json.loads(saved.read_text())
        (tmp_path / 'clip' / file).write_text(json.dumps(dict(image_processor=content)))
        saved.unlink()
    model, cfg = converting(tmp_path / 'clip' / 'model.safetensors')
    image = torch.randint(0, 256, (3, 32, 32), dtype=torch.uint8)
    theirs = torch.tensor(np.array(processor(images=[image])['pixel_values'][0]))
    pixels = model.data_preprocessor
    ours = (image - pixels.mean.view(3, 1, 1)) / pixels.std.view(3, 1, 1)
    torch.testing.assert_close(ours, theirs, **EXACT)
    assert cfg.test_pipeline[3].interpolation == 'bilinear'
    assert cfg.multi_view_pipeline[3].interpolation == 'bilinear'


def test_hugging_face_tokenizer(converting: Converting, tokenizer_folder: str) -> None:
    """Another tokenizer than CLIP's, next to the weights, becomes that of the config."""
    clip = hugging_face(dict(vocab_size=8, eos_token_id=1, bos_token_id=0, pad_token_id=0))
    clip.save_pretrained(tokenizer_folder)
    model, cfg = converting(Path(tokenizer_folder) / 'model.safetensors')
    assert cfg.model.cls_head.label_encoder.tokenizer == tokenizer_folder
    assert_like_hugging_face(model, clip, model.cls_head.label_encoder.tokens[0])


REFUSED = {
    "text_config.hidden_act of config.json is 'relu', which open_clip cannot build": (
        'config.json', dict(text_config=dict(hidden_act='relu'))),
    'towers are gelu and quick_gelu': ('config.json', dict(text_config=dict(hidden_act='gelu'))),
    'vision_config.layer_norm_eps .* must be a positive number, got 0': (
        'config.json', dict(vision_config=dict(layer_norm_eps=0))),
    'heads of the image tower must divide its width 96, got 7': (
        'config.json', dict(vision_config=dict(num_attention_heads=7))),
    'says image_size 64: make them agree': ('config.json', dict(vision_config=dict(image_size=64))),
    "model_type 'siglip', and only 'clip' can be converted: use open_clip's own file": (
        'config.json', dict(model_type='siglip')),
    "model_type 'clipseg', and only 'clip' can be converted.$": (
        'config.json', dict(model_type='clipseg')),
    "model_type 'chinese_clip', and only": ('config.json', dict(model_type='chinese_clip')),
    'names code of its own': ('config.json', dict(auto_map=dict(AutoModel='a.B'))),
    'eos_token_id of config.json must be one token id': (
        'config.json', dict(text_config=dict(eos_token_id=[1, 2]))),
    'resample 0, but only 2': ('preprocessor_config.json', dict(resample=0)),
    'makes frames of 24 x 24 pixels, but config.json says image_size 32': (
        'preprocessor_config.json', dict(crop_size=24, size=24)),
    'three numbers as image_mean': ('preprocessor_config.json', dict(image_mean=[1, 2])),
    'image_std without zeros': ('preprocessor_config.json', dict(image_std=[1, 0, 1])),
}  # fmt: skip


def test_hugging_face_refusals(tmp_path: Path, refused: Callable) -> None:
    folder, out = tmp_path / 'clip', tmp_path / 'out.pth'
    hugging_face().save_pretrained(folder)
    original = json.loads((folder / 'config.json').read_text())
    for words, (name, change) in REFUSED.items():
        for file, content in (('config.json', original), ('preprocessor_config.json', {})):
            changed = dict(content)
            for key, value in change.items() if file == name else ():
                old = content.get(key)
                changed[key] = old | value if isinstance(old, dict) else value
            (folder / file).write_text(json.dumps(changed))
        refused(convert_main, [folder / 'model.safetensors', out], words)
    assert not out.exists()


def test_every_route_exists() -> None:
    from actionclip_mm.converters.huggingface_config import ROUTES

    published = open_clip.list_pretrained()
    for route in ROUTES.values():
        name, tag = re.findall(r"='(.*?)'", route)
        assert (name, tag) in published, route


def test_heads_are_never_guessed(converting: Converting, tmp_path: Path, refused: Callable) -> None:
    clip = hugging_face()
    clip.save_pretrained(tmp_path / 'clip')
    weights = tmp_path / 'clip' / 'model.safetensors'
    config = (tmp_path / 'clip' / 'config.json').rename(tmp_path / 'config')
    main, out = convert_main, tmp_path / 'out.pth'
    refused(main, [weights, out], 'give --vision-heads and --text-heads, or put config.json next')
    refused(main, [weights, out, '--vision-heads', 3], 'do not tell the number of attention heads')
    heads = ['--vision-heads', '3', '--text-heads', '5']
    assert_like_hugging_face(
        converting(weights, *heads)[0], clip, open_clip.tokenize(['clap hands', 'sit'])
    )
    shutil.move(config, tmp_path / 'clip' / 'config.json')
    refused(main, [weights, out, *heads], 'sets the architecture: omit --vision-heads')
    refused(main, [weights, out, '--arch', 'ViT-B-32'], 'sets the architecture: omit --arch')


# ---------------------------------------------------------------- open_clip


@pytest.mark.parametrize('kind', [open_clip.CLIP, open_clip.CustomTextCLIP])
@pytest.mark.parametrize('file', ['open_clip_model.safetensors', 'open_clip_pytorch_model.bin'])
@torch.no_grad()
def test_open_clip_saves(
    kind: type, file: str, converting: Converting, tmp_path: Path,
    refused: Callable,
) -> None:  # fmt: skip
    """Its own folder, with settings that no shape tells in both towers."""
    arch = dict(
        embed_dim=EMBED,
        vision_cfg=dict(
            image_size=32, patch_size=8, width=VISION, layers=2, head_width=VISION // VISION_HEADS,
            pool_type='avg', norm_kwargs=dict(eps=1e-3),
        ),
        text_cfg=dict(
            context_length=20, vocab_size=VOCABULARY, width=TEXT, heads=TEXT_HEADS, layers=2,
            no_causal_mask=True, pool_type='last', act_kwargs=dict(approximate='tanh'),
        ),
        init_logit_bias=-3,
        nonscalar_logit_scale=True,
    )  # fmt: skip
    clip = scrambled(kind(**arch))
    pixels = dict(mean=[0.4] * 3, std=[0.3] * 3, interpolation='bilinear', resize_mode='squash')
    set_model_preprocess_cfg(clip, pixels)
    clip.visual.image_mean, clip.visual.image_std = pixels['mean'], pixels['std']
    tokenizer = SimpleNamespace(save_pretrained=lambda folder: None)
    save_for_hf(clip, tokenizer, arch, tmp_path / 'clip', safe_serialization='both')
    model, cfg = converting(tmp_path / 'clip' / file)
    images = torch.randn(3, 3, 32, 32)
    tokens = open_clip.tokenize(['clap hands', 'sit'], context_length=20)
    found = features(model, images, tokens)
    torch.testing.assert_close(found[0], clip.encode_image(images, normalize=True), **EXACT)
    torch.testing.assert_close(found[1], clip.encode_text(tokens, normalize=True), **EXACT)
    assert cfg.arch.init_logit_bias == pytest.approx(clip.logit_bias.item())
    assert cfg.model.data_preprocessor.mean == pytest.approx([102.0] * 3)
    resize = dict(type='CLIPResize', interpolation='bilinear', scale=(32, 32), keep_ratio=False)
    assert resize in cfg.test_pipeline
    (tmp_path / 'clip' / 'open_clip_config.json').unlink()
    args = [tmp_path / 'clip' / file, tmp_path / 'out.pth', '--source', 'open_clip']
    refused(convert_main, args, 'or put open_clip_config.json next to the file')


@torch.no_grad()
def test_the_mini_clip_is_known_by_its_shapes(converting: Converting, tmp_path: Path) -> None:
    """Its heads and activation are neither in the file nor what other CLIPs have."""
    weights = Path(__file__).resolve().parents[2] / 'data' / 'mini_clip' / 'mini_clip.safetensors'
    copy = tmp_path / 'copy.pt'
    torch.save({'model': {f'_orig_mod.{n}': v for n, v in load_file(weights).items()}}, copy)
    model, cfg = converting(copy)
    arch = Config.fromfile(weights.parents[2] / 'configs/_base_/models/mini_clip.py').arch
    assert cfg.arch == arch
    clip = build_clip(arch.to_dict(), str(weights)).eval()
    images, tokens = torch.randn(2, 3, 40, 40), open_clip.tokenize(['a red circle', 'a square'])
    found = features(model, images, tokens)
    torch.testing.assert_close(found[0], clip.encode_image(images, normalize=True), **EXACT)
    torch.testing.assert_close(found[1], clip.encode_text(tokens, normalize=True), **EXACT)
