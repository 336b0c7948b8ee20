"""The tokenizer of a model: CLIP's own comes with open_clip, others come from a hub or a folder."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import open_clip
from open_clip import factory
from torch import Tensor

from .arch import check_arch, get_model_config
from .hub import cache_only_when_offline

Tokenizer = Callable[..., Tensor]


def get_tokenizer(arch: str | dict, tokenizer: str | Tokenizer | None = None) -> Tokenizer:
    """The tokenizer that belongs to a model: list of strings to token ids [B, L].

    Args:
        arch: open_clip model name or model-config dict.
        tokenizer: Folder (or name on the Hugging Face hub) of the tokenizer to use instead of the
            one that ``arch`` names, or a function that does the same. Its length and cleaning
            remain those of ``arch``.

    Raises:
        TypeError: ``arch`` is neither a name nor a dict.
        ValueError: Unknown ``arch``.
        FileNotFoundError: The tokenizer is not on this machine and cannot be downloaded.
        ImportError: It needs ``transformers``, which is not installed.
    """
    if callable(tokenizer):
        return tokenizer
    check_arch(arch)
    if isinstance(arch, str) and arch.startswith((factory.LOCAL_DIR_PREFIX, factory.HF_HUB_PREFIX)):
        if tokenizer is None:
            return _load(lambda: factory.get_tokenizer(arch), arch)
        text_cfg: dict = {}
    else:
        text_cfg = (get_model_config(arch) or {})['text_cfg']
    source = tokenizer or text_cfg.get('hf_tokenizer_name')
    length = text_cfg.get('context_length', open_clip.tokenizer.DEFAULT_CONTEXT_LENGTH)
    options = text_cfg.get('tokenizer_kwargs', {})
    if not source:
        return open_clip.SimpleTokenizer(context_length=length, **options)
    mode = text_cfg.get('tokenizer_mode')
    return _load(
        lambda: open_clip.tokenizer.HFTokenizer(
            source, context_length=length, tokenizer_mode=mode, **options
        ),
        source,
    )


def _load(build: Callable[[], Tokenizer], source: str) -> Tokenizer:
    """Builds a tokenizer; every way in which its files can be missing becomes one sentence."""
    try:
        if Path(source).is_dir():
            return build()
        with cache_only_when_offline():
            return build()
    except Exception as error:  # transformers raises many kinds for "not there"
        if importlib.util.find_spec('transformers') is None:
            raise ImportError(
                f"The tokenizer '{source}' is read with the package transformers, which is not "
                'installed: pip install transformers sentencepiece.'
            ) from error
        raise FileNotFoundError(
            f"The tokenizer '{source}' is not on this machine and could not be downloaded, or its "
            'files cannot be read: set label_encoder.tokenizer to a local folder with its '
            'tokenizer.json.'
        ) from error
