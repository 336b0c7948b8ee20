"""Build models for inference: zero-shot CLIP, or a config with its checkpoint."""

import pickle
from collections.abc import Sequence
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import CheckpointLoader
from torch import nn

from ..clip.arch import Arch
from ..clip.hub import skip_loading_weights
from ..clip.mapped_weights import weights_from_files
from ..clip.state_dict import load_state_dict_or_explain, unwrap
from ..compat.checkpoints import DownloadFailed, reading_weights_only
from ..converters.description import KEY, check_description, read_folder, read_metadata
from ..decoding.errors import reason
from ..models.text import read_labels, read_prompts
from ..utils import read_config, read_json_object
from ..utils.carried_files import carried

# names or sentences, or the path of a file of them
Labels = str | Sequence[str]
PLACEHOLDER = ('no class names yet',)  # labels of a zero-shot model; each call gives its own
MINI = 'mini'  # the name of the shipped mini CLIP


def read_arch(arch: Arch) -> Arch:
    """Return an open_clip model name or config dict; read the dict of a JSON path.

    Raises:
        FileNotFoundError: The JSON file does not exist.
        ValueError: The file is not a model config.
    """
    if not isinstance(arch, str) or not arch.endswith('.json'):
        return arch
    if not Path(arch).is_file():
        raise FileNotFoundError(
            f"Model config '{arch}' does not exist: set arch to a name or file."
        )
    content = read_json_object(Path(arch), 'a model config of open_clip')
    if 'model_cfg' in content:  # its preprocess_cfg would be lost here
        raise ValueError(
            f"'{arch}' belongs to a folder in open_clip's layout: set arch to local-dir:FOLDER."
        )
    return content


def build_zero_shot(arch: Arch, pretrained: str | None) -> nn.Module:
    """CLIP as a video recognizer: both towers and the mean over frames, no class names."""
    if arch == MINI:
        arch, pretrained = mini_clip()
    model = dict(
        type='CLIPRecognizer',
        backbone=dict(type='CLIPImageEncoder', arch=read_arch(arch), pretrained=pretrained),
        neck=dict(type='MeanPPrompt'),
        cls_head=dict(
            type='VideoTextHead',
            label_encoder=dict(type='TextPromptLabelEncoder', labels=list(PLACEHOLDER)),
        ),
    )
    # the neck and the head have no weights of their own
    with weights_from_files() if pretrained is not None else nullcontext():
        return _build(model)


def _build(cfg: dict) -> nn.Module:
    from ..compat import at_predict  # noqa: F401  applies what reading needs

    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(deepcopy(cfg))
    model.cfg = Config(dict(model=cfg))  # mmaction2 keeps it there, too
    return model


def mini_clip() -> tuple[dict, str]:
    """Model config and weight file of the shipped mini CLIP."""
    arch = read_config(carried('configs/_base_/models/mini_clip.py')).arch.to_dict()
    return arch, str(carried('data/mini_clip/mini_clip.safetensors'))


def check_texts(labels: Labels | None, templates: Labels | None) -> None:
    """Refuse bad labels and templates before weights are read; None is skipped."""
    if labels is not None:
        # which names are equal depends on their splitting, which a config may switch off
        read_labels(labels, split_names=False)
    if templates is not None:
        read_prompts(templates)


def read_model_config(config: str | Path | Config) -> Config:
    """Read the config of a recognizer.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is not a config or has no ``model``.
    """
    if not isinstance(config, Config):
        config = read_config(config)
    if 'model' not in config:
        raise ValueError(f"The config '{config.filename}' has no `model`: give a training config.")
    return config


def build_trained(config: Config, checkpoint: str | None) -> nn.Module:
    """Build the model of a config with the weights of a checkpoint, or random ones if None.

    ``pretrained`` weights are not read: the checkpoint overwrites them.

    Raises:
        FileNotFoundError: The checkpoint does not exist.
        ValueError: The config names an unregistered part, or the checkpoint does not fit.
    """
    from ..compat import at_run  # noqa: F401  applies what a run needs

    with weights_from_files() if checkpoint is not None else nullcontext():
        model = _build_untrained(config)
        if checkpoint is not None:
            load_strictly(model, checkpoint)
    model.cfg = config
    return model


def _build_untrained(config: Config) -> nn.Module:
    scope = config.get('default_scope', 'mmaction')
    with skip_loading_weights(), DefaultScope.overwrite_default_scope(scope):
        try:
            return MODELS.build(config.model)
        except KeyError as error:  # of the registry; its text would be quoted
            said = str(error.args[0] if error.args else error).split('. ')[0]
            raise ValueError(
                f"The model of '{config.filename}' cannot be built ({said}): correct its type or "
                'import its package in custom_imports.'
            ) from error


@dataclass(frozen=True)
class Loaded:
    """A model that was loaded without a config.

    Attributes:
        model: The recognizer.
        pipeline: Its test pipeline; None for the default one.
        temperature: Divides the logits; None for 1.
    """

    model: nn.Module
    pipeline: list[dict] | None
    temperature: float | None


def load_model(path: str) -> Loaded:
    """Load the model of a checkpoint of this package, or of an exported folder.

    Raises:
        FileNotFoundError: A missing file.
        ValueError: Damaged files, or a checkpoint without a description of its model.
    """
    if Path(path).is_dir():
        description, weights = read_folder(path)
        state = _read_checkpoint(weights)
    else:
        state = _read_checkpoint(path)
        meta = state.get('meta')
        content = (meta.get(KEY) if isinstance(meta, dict) else None) or read_metadata(path)
        if content is None:
            raise ValueError(
                f"'{path}' does not describe its model (only checkpoints of version 0.2 and later "
                'do): add --config with the config it was trained with.'
            )
        description = check_description(content, path)
    with weights_from_files():
        model = _build(description['model'])
        _load(model, state, path)
    return Loaded(model, description.get('pipeline'), description.get('temperature'))


def load_strictly(model: nn.Module, checkpoint: str) -> None:
    """Load a checkpoint that has exactly the tensors of the model.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is damaged or could run code, or tensors are missing, unexpected or
            of another shape.
    """
    _load(model, _read_checkpoint(checkpoint), checkpoint)


def _read_checkpoint(checkpoint: str) -> dict:
    from ..compat import at_predict  # noqa: F401  applies what reading needs

    try:
        with reading_weights_only(checkpoint):  # even if fixes are switched off
            content = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu')
    except FileNotFoundError as error:
        raise FileNotFoundError(f"Checkpoint '{checkpoint}' does not exist.") from error
    except pickle.UnpicklingError as error:  # a sentence already
        raise ValueError(f'{error}.') from error
    except DownloadFailed:
        raise
    except (RuntimeError, EOFError, OSError) as error:  # cut short, not a zip file
        raise ValueError(
            f"'{checkpoint}' cannot be read as a checkpoint ({reason(error)}): it is damaged."
        ) from error
    if not isinstance(content, dict):
        raise ValueError(f"'{checkpoint}' has no state dict: give a checkpoint of a training.")
    return content


def _load(model: nn.Module, content: dict, checkpoint: str) -> None:
    misfit = load_state_dict_or_explain(model, unwrap(content).weights)
    if misfit:
        raise ValueError(
            f"The checkpoint '{checkpoint}' does not fit the model of the config ({misfit}): give "
            'the config it was trained with.'
        )
