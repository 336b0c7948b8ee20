"""The model of a fine-tuning: towers by name, the settings that belong to them, and its config."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..utils import read_config, read_json_object
from ..utils.carried_files import carried
from .recipe import NECKS, Recipe

MINI_BASE = 'configs/_base_/models/mini_actionclip.py'
LOCAL = 'local-dir:'
BASE_LR = 5e-6  # of the paper, for CLIP's weights
MINI_LR = 2e-4


@dataclass(frozen=True)
class Towers:
    """A CLIP and what belongs to its weights.

    Attributes:
        arch: open_clip model name or model-config dict.
        pretrained: open_clip tag, path of a weight file, or None.
        templates: Preset, file or list.
        lr: Learning rate to fine-tune it with.
        name: For people.
    """

    arch: str | dict[str, Any]
    pretrained: str | None
    templates: str | list[str]
    lr: float
    name: str


def towers_of(arch: str, pretrained: str | None, templates: str | None) -> Towers:
    """Towers by ``--arch`` and ``--pretrained``; ``'mini'`` is the shipped mini CLIP.

    Raises:
        ValueError: Options that contradict each other, bad templates.
        FileNotFoundError: A file that does not exist.
    """
    from ..apis.building import MINI, mini_clip, read_arch
    from ..models.text import read_prompts

    if templates is not None:
        read_prompts(templates)
    if arch == MINI:
        if pretrained is not None:
            raise ValueError('--arch mini brings its own weights: omit --pretrained.')
        own = read_config(carried(MINI_BASE)).model.cls_head.label_encoder.templates
        # a small tower needs larger steps than CLIP's weights
        return Towers(*mini_clip(), templates or list(own), MINI_LR, 'mini CLIP')
    config = read_arch(arch)
    if config is not arch and pretrained is None:
        raise ValueError(f"--arch '{arch}' needs --pretrained FILE with its weights.")
    brings_weights = arch.startswith((LOCAL, 'hf-hub:'))
    if pretrained is None and not brings_weights:
        pretrained = 'openai'
    name = arch if pretrained is None else f'{arch} ({pretrained})'
    return Towers(config, pretrained, templates or 'actionclip16', BASE_LR, name)


def model_config(towers: Towers, recipe: Recipe, neck: str) -> dict[str, Any]:
    """Config of the recognizer, whose labels are the variable ``labels`` of the config file."""
    from ..converters.config_text import Code

    prompt: dict[str, Any] = dict(type=NECKS[neck])
    if neck != 'mean_p' and recipe.small:
        prompt['zero_init'] = True
    if neck == 'transf' and recipe.small:
        prompt['position_std'] = 1.0
    encoder: dict[str, Any] = dict(
        type='TextPromptLabelEncoder', labels=Code('labels'), templates=towers.templates
    )
    if recipe.small:
        encoder['frozen_stages'] = 'all'
    loss = 'VideoAllTextKLLoss' if recipe.all_texts else 'VideoTextKLLoss'
    return dict(
        type='CLIPRecognizer',
        backbone=dict(type='CLIPImageEncoder', arch=towers.arch, pretrained=towers.pretrained),
        neck=prompt,
        cls_head=dict(
            type='VideoTextHead',
            label_encoder=encoder,
            loss_cls=dict(type=loss, target='normalized'),
            average_clips='prob',
        ),
    )


def input_of(towers: Towers) -> tuple[tuple[int, int], list[dict[str, Any]]]:
    """Frame size of the image tower, and the transforms of a test that lead to it.

    Raises:
        ValueError: Unknown model name, or a way of resizing without a transform.
    """
    from torch import nn

    from ..clip import get_model_config, get_preprocess
    from ..clip.arch import check_arch
    from ..datasets.transforms.clip_resize import resize_and_crop

    check_arch(towers.arch)
    size = (get_model_config(towers.arch) or {}).get('vision_cfg', {}).get('image_size', 224)
    clip, clip.visual = nn.Module(), nn.Module()  # what get_preprocess asks of a built one
    clip.visual.image_size = size
    if isinstance(towers.arch, str) and towers.arch.startswith(LOCAL):
        folder = Path(towers.arch.removeprefix(LOCAL))
        own = read_json_object(folder / 'open_clip_config.json', "that of open_clip's model")
        clip.visual.preprocess_cfg = own.get('preprocess_cfg', {})
    wanted = get_preprocess(clip, towers.arch, towers.pretrained)
    return wanted.size, resize_and_crop(wanted.size, wanted.interpolation, wanted.resize_mode)
