"""Models for inference are built as their weights want them."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .replace import is_ours, mark


def pretrained_decides_more_than_weights() -> None:
    """init_recognizer takes ``pretrained`` out of the backbone's config before building it.

    For a CLIP tower it decides the activation (QuickGELU) and the pixel mean and std as well, so
    scores would be wrong without a word. Here the model is built as configured, the weights that
    the checkpoint overwrites are not read (the text tower's neither), and a checkpoint of another
    model is refused.
    """
    from mmaction import apis
    from mmaction.apis import inference

    if not is_ours(inference.init_recognizer):
        inference.init_recognizer = mark(_as_configured(inference.init_recognizer))
        apis.init_recognizer = inference.init_recognizer


def _as_configured(init: Callable) -> Callable:
    @functools.wraps(init)
    def init_recognizer(config: Any, checkpoint: str | None = None, device: Any = 'cuda:0') -> Any:
        from mmengine.config import Config
        from mmengine.registry import init_default_scope

        from ..apis.building import build_trained
        from ..clip.hub import skip_loading_weights

        if isinstance(config, (str, Path)):
            config = Config.fromfile(config)
        model = config.get('model', {}) if isinstance(config, Config) else {}
        if model.get('backbone', {}).get('type') != 'CLIPImageEncoder':
            with skip_loading_weights():
                return init(config, checkpoint, device)
        init_default_scope(config.get('default_scope', 'mmaction'))
        recognizer = build_trained(config, checkpoint)
        recognizer.cfg = config
        return recognizer.to(device).eval()

    return init_recognizer
