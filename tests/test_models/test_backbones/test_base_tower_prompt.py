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
    cfg = dict(type='CLIPImageEncoder', arch=tiny_arch, visual_prompt=prompt)
    return MODELS.build(cfg).eval()


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
    hook = next(
        hook for module in copied.visual.modules() for hook in module._forward_pre_hooks.values()
    )
    assert hook.__self__ is copied.visual_prompt


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
    with pytest.raises(ValueError, match="must be JointPrompt or ShiftPrompt, got 'MeanPPrompt'"):
        MODELS.build(
            dict(
                type='CLIPImageEncoder',
                arch=tiny_arch,
                visual_prompt=dict(type='MeanPPrompt', in_channels=32),
            )
        )


def test_it_is_no_neck(prompt):
    with pytest.raises(
        ValueError, match='inside the image tower: set it as backbone.visual_prompt'
    ):
        MODELS.build(prompt)
