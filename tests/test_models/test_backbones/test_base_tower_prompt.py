"""Laws of every visual prompt inside the image tower, over all that are registered."""

import copy

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.runner.checkpoint import load_state_dict

from actionclip_mm.models.backbones import BaseTowerPrompt

PROMPTS = sorted(
    name
    for name, cls in MODELS.module_dict.items()
    if isinstance(cls, type) and issubclass(cls, BaseTowerPrompt)
)
T = 8  # the default number of frames


@pytest.fixture(params=PROMPTS)
def prompt(request):
    return dict(type=request.param)


@pytest.fixture
def encoder(tiny_arch, prompt):
    """A tower whose prompt has learned: those that start without effect hide their faults."""
    cfg = dict(type='CLIPImageEncoder', arch=tiny_arch, visual_prompt=prompt)
    encoder = MODELS.build(cfg).eval()
    for parameter in encoder.visual_prompt.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return encoder


def videos(num_frames=T, num_videos=2):
    return torch.randn(num_videos, 3, num_frames, 32, 32)


def test_it_sees_the_order_of_frames(encoder):
    video = videos()
    forwards, backwards = encoder(video).mean(dim=1), encoder(video.flip(2)).mean(dim=1)
    assert (forwards - backwards).abs().max() > 1e-4


def test_videos_of_a_batch_do_not_meet(encoder):
    video = videos()
    together = encoder(video)
    for i in range(2):
        torch.testing.assert_close(encoder(video[i : i + 1])[0], together[i])


def test_a_copy_is_independent(encoder):
    """As weight averaging makes it: hooks of the copied tower belong to the copied prompt."""
    video = videos()
    expected = encoder(video)
    copied = copy.deepcopy(encoder)
    for parameter in encoder.parameters():
        parameter.data.zero_()
    torch.testing.assert_close(copied(video), expected)
    encoder.visual_prompt.num_frames = 1
    assert copied.visual_prompt.num_frames == T
    hooks = [
        getattr(hook, 'func', hook)  # of a partial
        for module in copied.visual.modules()
        for hook in [*module._forward_pre_hooks.values(), *module._forward_hooks.values()]
    ]
    assert hooks and all(hook.__self__ is copied.visual_prompt for hook in hooks)


def test_weights_of_the_tower_are_saved_once(encoder, tiny_arch, prompt):
    plain = MODELS.build(dict(type='CLIPImageEncoder', arch=tiny_arch))
    added = set(encoder.state_dict()) - set(plain.state_dict())
    assert all(name.startswith('visual_prompt.') for name in added)
    twin = MODELS.build(dict(type='CLIPImageEncoder', arch=tiny_arch, visual_prompt=prompt)).eval()
    twin.load_state_dict(encoder.state_dict())
    video = videos()
    torch.testing.assert_close(twin(video), encoder(video))


def test_blocks_recomputed_in_the_backward_pass_give_the_same_gradients(encoder):
    video, gradients = videos(), []
    for recompute in (False, True):
        encoder.visual.set_grad_checkpointing(recompute)
        encoder.zero_grad()
        torch.manual_seed(1)
        encoder.train()(video).square().sum().backward()
        gradients.append({n: p.grad.clone() for n, p in encoder.named_parameters()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, msg=name)


@pytest.mark.parametrize(
    'vision_cfg, tower',
    [
        (dict(image_size=32, layers=[1, 1, 1, 1], width=8), "open_clip's ModifiedResNet"),
        (dict(timm_model_name='test_vit', image_size=160), "timm's VisionTransformer"),
        (dict(timm_model_name='test_convnext', image_size=32), "timm's ConvNeXt"),
    ],
)
def test_other_towers_are_refused(prompt, vision_cfg, tower):
    text_cfg = dict(context_length=77, vocab_size=64, width=32, heads=2, layers=1)
    arch = dict(embed_dim=32, vision_cfg=vision_cfg, text_cfg=text_cfg)
    words = f"{prompt['type']} needs open_clip's VisionTransformer, got {tower}: .* ViT-B-16"
    with pytest.raises(ValueError, match=words):
        MODELS.build(dict(type='CLIPImageEncoder', arch=arch, visual_prompt=prompt))


def test_the_hosts_loader_runs_the_load_hooks(tiny_arch):
    """mmengine walks the modules itself instead of calling ``load_state_dict``."""
    few, many = (
        MODELS.build(
            dict(
                type='CLIPImageEncoder',
                arch=tiny_arch,
                visual_prompt=dict(type='JointPrompt', num_frames=num_frames),
            )
        )
        for num_frames in (2, 4)
    )
    load_state_dict(many, few.state_dict(), strict=True)
    table = many.visual_prompt.time_embedding
    torch.testing.assert_close(table[[0, 3]], few.visual_prompt.time_embedding)


def test_a_prompt_of_another_place_is_refused(tiny_arch):
    with pytest.raises(ValueError, match="JointPrompt, .*, got 'MeanPPrompt'"):
        MODELS.build(
            dict(
                type='CLIPImageEncoder',
                arch=tiny_arch,
                visual_prompt=dict(type='MeanPPrompt', in_channels=32),
            )
        )


@pytest.mark.parametrize('name', [name for name in PROMPTS if MODELS.get(name).starts_as_clip])
@pytest.mark.parametrize('training', [False, True])
def test_it_starts_as_clip(name, tiny_arch, training):
    plain, prompted = (
        MODELS.build(
            dict(type='CLIPImageEncoder', arch=tiny_arch, visual_prompt=prompt, frozen_stages='all')
        ).train(training)
        for prompt in (None, dict(type=name))
    )
    prompted.visual.load_state_dict(plain.visual.state_dict())
    video = videos()
    torch.testing.assert_close(prompted(video), plain(video), rtol=0, atol=1e-6)
    prompted(video).square().sum().backward()
    learning = [n for n, p in prompted.named_parameters() if p.grad is not None and p.grad.any()]
    assert learning and all(name.startswith('visual_prompt.') for name in learning)


@pytest.mark.parametrize('num_frames', [1, 3, T])
def test_any_number_of_frames(prompt, tiny_arch, num_frames):
    if prompt['type'] == 'JointPrompt' and num_frames != T:
        pytest.skip('its number of frames is set')
    cfg = dict(type='CLIPImageEncoder', arch=tiny_arch, visual_prompt=prompt)
    assert MODELS.build(cfg)(videos(num_frames)).shape[2] == 32


def test_half_precision_and_pieces_of_a_batch(encoder):
    video = videos(num_videos=4)
    expected = encoder(video)
    encoder.frame_chunk = 2 * T
    torch.testing.assert_close(encoder(video), expected)
    with torch.autocast('cpu', torch.bfloat16):
        half = encoder(video).float()
    assert torch.nn.functional.cosine_similarity(half, expected, dim=-1).min() > 0.99


def test_it_is_no_neck(prompt):
    with pytest.raises(
        ValueError, match='inside the image tower: set it as backbone.visual_prompt'
    ):
        MODELS.build(prompt)
