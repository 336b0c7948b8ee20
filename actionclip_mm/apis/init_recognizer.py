"""mmaction2's ``init_recognizer`` on our models: built as their weights need them."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..compat.fixes import fix, replace_function


@fix()
def build_recognizers_as_configured() -> None:
    """mmaction2's ``init_recognizer`` drops ``backbone.pretrained``, and CLIP's scores are wrong.

    For a CLIP tower it also decides the activation (QuickGELU) and the pixel mean and std. Here the
    model is built as configured, the weights that the checkpoint overwrites are not read (the text
    tower's neither), and a checkpoint of another model is refused.

    Raises:
        RuntimeError: It is running already, so that only its next call would be right.
    """
    from mmaction.apis import init_recognizer as host

    if _is_running(host):
        raise RuntimeError(
            'init_recognizer of mmaction2 would build the wrong CLIP: import '
            'actionclip_mm.compat.at_run before it is called.'
        )
    replace_function(host, _as_configured(host))


def _is_running(function: Any) -> bool:
    frame = inspect.currentframe()
    while frame is not None and frame.f_code is not function.__code__:
        frame = frame.f_back
    return frame is not None


def _as_configured(init: Callable) -> Callable:
    @functools.wraps(init)
    def init_recognizer(config: Any, checkpoint: str | None = None, device: Any = 'cuda:0') -> Any:
        from mmengine.config import Config
        from mmengine.registry import init_default_scope

        from ..clip.hub import skip_loading_weights
        from .building import build_trained

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
