"""Names and config dicts of open_clip models."""

import difflib
from pathlib import Path
from typing import Any

import open_clip
from open_clip import factory

Arch = str | dict
DEFAULT_ARCH = 'ViT-B-16'
SCHEMES = (factory.LOCAL_DIR_PREFIX, factory.HF_HUB_PREFIX)  # names that bring their own weights


def arch_name(arch: Arch) -> str:
    """A short name for messages: the open_clip name, or the size of a config dict."""
    if isinstance(arch, str):
        return arch
    return f'a config dict of width {arch.get("embed_dim")}'


def clean_name(arch: str) -> str:
    """open_clip's spelling of OpenAI's names: ``ViT-B/16`` -> ``ViT-B-16``."""
    return arch.replace('/', '-')


def get_model_config(arch: Arch) -> dict[str, Any] | None:
    """The model-config dict of a name, None for an unknown one; a dict is its own."""
    if isinstance(arch, dict):
        return arch
    # a path follows the scheme and keeps its slashes
    return open_clip.get_model_config(arch if arch.startswith(SCHEMES) else clean_name(arch))


def check_arch(arch: Arch) -> None:
    """Refuses what names or describes no model; the errors are those of :func:`build_clip`."""
    if isinstance(arch, dict):
        missing = [key for key in ('embed_dim', 'vision_cfg', 'text_cfg') if key not in arch]
        if missing:
            raise ValueError(
                f'The arch dict lacks {", ".join(missing)}: give a model config in '
                "open_clip's layout (embed_dim, vision_cfg, text_cfg)."
            )
        return
    if not isinstance(arch, str):
        raise TypeError(
            f'arch is a {type(arch).__name__}: give an open_clip model name or a config dict.'
        )
    if arch.startswith(factory.LOCAL_DIR_PREFIX):
        folder = Path(arch.removeprefix(factory.LOCAL_DIR_PREFIX))
        if not (folder / 'open_clip_config.json').is_file():
            raise FileNotFoundError(
                f"There is no open_clip_config.json in '{folder}': set arch to local-dir:FOLDER "
                'with the folder of an open_clip model.'
            )
    if arch.startswith(SCHEMES):
        return
    names = open_clip.list_models()
    if clean_name(arch) not in names:
        # a list of all would fill the screen
        near = difflib.get_close_matches(clean_name(arch), names, n=3, cutoff=0.4)
        raise ValueError(
            f"open_clip knows no model '{arch}' (near: {', '.join(near) or 'none'}): set arch to "
            'one of open_clip.list_models() or to a model-config dict.'
        )


def needs_hub(arch: Arch) -> bool:
    """Whether the text tower is a language model whose layout the hub keeps."""
    if isinstance(arch, str) and arch.startswith(factory.HF_HUB_PREFIX):
        return True
    cfg = get_model_config(arch)
    return cfg is not None and 'hf_model_name' in cfg['text_cfg']
