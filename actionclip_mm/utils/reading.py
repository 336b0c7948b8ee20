"""Read text, JSON and config files that people write or download.

Errors name the file, the place and what to do.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .config_paths import resolve_paths
from .foreign_text import first_line


@contextmanager
def explain(problem: str, advice: str, *kinds: type[Exception]) -> Iterator[None]:
    """Turn a foreign error into a ValueError of one sentence: ``problem (its first line): advice``.

    Args:
        problem: What cannot be done, with the file or key.
        advice: What to do, without the full stop.
        kinds: Errors to turn. Defaults to every Exception.
    """
    try:
        yield
    except Exception as error:
        if kinds and not isinstance(error, kinds):
            raise
        raise ValueError(f'{problem} ({first_line(error)}): {advice}.') from error


def decode_text(content: bytes, path: str | Path) -> str:
    r"""UTF-8 text, with or without byte order mark; line ends become ``\n``.

    Args:
        content: The bytes.
        path: Where they come from, for the error.

    Raises:
        ValueError: Not UTF-8 text, with the line number.
    """
    try:
        text, place = content.decode('utf-8-sig'), content.find(b'\0')
        reason = 'a zero byte'
    except UnicodeDecodeError as error:
        place, reason = error.start, f'the byte 0x{content[error.start]:02x}'
    if place >= 0:
        row = content.count(b'\n', 0, place) + 1
        raise ValueError(
            f"Line {row} of '{path}' has {reason}, so the file is not UTF-8 text: save it as UTF-8."
        )
    return text.replace('\r\n', '\n').replace('\r', '\n')


def read_text(path: Path) -> str:
    """Text of a file; see :func:`decode_text`.

    Raises:
        ValueError: Not UTF-8 text, with the line number.
    """
    return decode_text(path.read_bytes(), path)


def read_json(path: Path, advice: str = 'correct it', pairs: Callable | None = None) -> Any:
    """Content of a JSON file.

    Args:
        path: An existing file.
        advice: What to do with a file that is not JSON.
        pairs: ``object_pairs_hook`` of :func:`json.loads`.

    Raises:
        ValueError: Not UTF-8 text or not valid JSON.
    """
    text = read_text(path)
    # RecursionError: nested too deeply; ValueError also for numbers of too many digits
    with explain(f"'{path}' is not valid JSON", advice, ValueError, RecursionError):
        return json.loads(text, object_pairs_hook=pairs)


def read_json_object(path: Path, wanted: str) -> dict[str, Any]:
    """Content of a JSON file that holds an object.

    Args:
        path: An existing file.
        wanted: What the file should be, for the message.

    Raises:
        ValueError: Not UTF-8 text, not valid JSON, or another kind of value.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"'{path}' must hold a JSON object: give {wanted}.")
    return content


def read_config(path: str | Path, advice: str = 'give the path of a .py config') -> Any:
    """mmengine Config of a file; relative paths may also be relative to its folder.

    Args:
        path: A local file, or a ``package::path`` of mmengine.
        advice: What to do if there is no such file.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The code of the config raises.
    """
    from mmengine.config import Config

    if '::' not in str(path) and not Path(path).is_file():
        raise FileNotFoundError(f"Config '{path}' does not exist: {advice}.")
    try:
        config = Config.fromfile(path)
    except Exception as error:  # whatever the code of a config may raise
        raise ValueError(
            f"Config '{path}' cannot be read: {type(error).__name__}: {first_line(error)}"
        ) from error
    resolve_paths(config)
    return config
