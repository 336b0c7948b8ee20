"""Building a model as its weights want it without reading them, for a checkpoint that follows."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from mmengine.logging import print_log
from open_clip.pretrained import get_pretrained_cfg

from .state_dict import OPENAI_CONSTANTS, read_state_dict

_UNREAD: ContextVar[bool] = ContextVar('unread_weights', default=False)


@contextmanager
def leave_weights_unread() -> Iterator[None]:
    """Within it, ``build_clip`` reads and downloads no weights of models, which stay random.

    Setting ``pretrained=None`` instead would lose what it decides beside the weights: the
    activation (QuickGELU) and the pixel mean and std.
    """
    token = _UNREAD.set(True)
    try:
        yield
    finally:
        _UNREAD.reset(token)


def weights_stay_unread() -> bool:
    """Whether :func:`leave_weights_unread` is in force."""
    return _UNREAD.get()


def trained_with_quick_gelu(arch: str, tag_or_file: str, tags: list[str]) -> bool:
    """Whether weights ask for QuickGELU, which the shapes of the weights do not tell.

    Args:
        arch: open_clip model name, or '' for a config dict.
        tag_or_file: One of ``tags`` or a path.
        tags: The tags of ``arch``.
    """
    if tag_or_file in tags:
        return bool(get_pretrained_cfg(arch, tag_or_file).get('quick_gelu', False))
    if not Path(tag_or_file).is_file():
        print_log(
            f"The file '{tag_or_file}' that the config names as `pretrained` is not here. Its "
            "weights are not needed, but if they were OpenAI's, set `arch` to a name that ends in "
            '-quickgelu, or scores will be wrong; if its folder told a pixel mean and std, set '
            'those of data_preprocessor.',
            'current',
            30,
        )
        return False
    return has_openai_constants(tag_or_file)


def has_openai_constants(path: str) -> bool:
    """Whether a weight file is OpenAI's archive; in zip files only the names are looked at."""
    if not zipfile.is_zipfile(path):
        names = read_state_dict(path)
        return all(name in names for name in OPENAI_CONSTANTS)
    with zipfile.ZipFile(path) as archive:
        # torch keeps tensors in data/ and constants/; names stand in the pickle and in the code
        text = b''.join(
            archive.read(name)
            for name in archive.namelist()
            if name.endswith(('.pkl', '.py')) and '/data/' not in name
        )
    return all(name.encode() in text for name in OPENAI_CONSTANTS)
