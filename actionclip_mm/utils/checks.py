"""Checks of values that users set: each raises one sentence with key, value and range."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

WEIGHT_SUFFIXES = ('.safetensors', '.pth')
# weights, description and class names in an exported folder
EXPORTED_FILES = ('model.safetensors', 'config.json', 'labels.txt')


class UserError(Exception):
    """An error that a user can fix: commands print its message without a traceback."""


class RunRefused(UserError, ValueError):
    """A run that would fail, or be wrong, is refused."""


def check_positive(value: Any, key: str, advice: str = '') -> None:
    """Refuse a value that is not a positive integer.

    Args:
        value: What the config says.
        key: The config key, for the message.
        advice: What to set, for the message.

    Raises:
        ValueError: Not an integer, or below 1.
    """
    if not isinstance(value, int) or value < 1:
        end = f': {advice}' if advice else ''
        raise ValueError(f'{key} must be a positive integer, got {value!r}{end}.')


def check_range(value: Any, low: float, high: float, key: str, advice: str = '') -> None:
    """Refuse a number outside [low, high].

    Args:
        value: What the config says; an integer if both bounds are.
        low: Lowest value.
        high: Highest value.
        key: The config key, for the message.
        advice: What to do, for the message.

    Raises:
        ValueError: Another kind of value, or one out of range.
    """
    kind = int if isinstance(low, int) and isinstance(high, int) else (int, float)
    if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
        word, end = 'an integer ' if kind is int else '', f': {advice}' if advice else ''
        raise ValueError(f'{key} must be {word}in [{low}, {high}], got {value!r}{end}.')


def check_frames(found: int, allowed: int, key: str) -> None:
    """Refuse a video whose number of frames is not the one that a module was built for.

    Raises:
        ValueError: Another number of frames.
    """
    if found != allowed:
        raise ValueError(
            f'{key} must be the frames per video of the pipeline, got {allowed} for {found} frames.'
        )


def check_file(path: str | Path, what: str, advice: str) -> None:
    """Refuse a file that does not exist.

    Args:
        path: The file.
        what: Its kind, capitalised, for the message.
        advice: What to do, for the message.

    Raises:
        FileNotFoundError: There is no such file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{what} '{path}' does not exist: {advice}.")


def check_choice(value: Any, allowed: Iterable[Any], key: str) -> None:
    """Refuse a value that is not one of those allowed.

    Args:
        value: What the config says.
        allowed: The values that are supported.
        key: The config key, for the message.

    Raises:
        ValueError: Another value.
    """
    options = list(allowed)
    if value not in options:
        raise ValueError(f'{key} must be one of {", ".join(map(repr, options))}, got {value!r}.')


def check_videos_read(videos: int, unreadable: int, example: str = '') -> None:
    """Refuse to evaluate a test in which no video could be read.

    Args:
        videos: Number of tested videos.
        unreadable: How many of them could not be read.
        example: Goes into the message: the first of them, or where they are listed.

    Raises:
        ValueError: No video, or none that could be read.
    """
    if not videos:
        raise ValueError(
            'There is no video to evaluate: give the data set a list with at least one video and '
            'remove drop_last from the data loader.'
        )
    if unreadable == videos:
        raise ValueError(
            f'None of the {videos} videos could be read{example}: check the files and data_prefix '
            'of the data set.'
        )


def check_weights_path(path: str | Path) -> None:
    """Refuse a weight file that cannot be written.

    Raises:
        ValueError: Another suffix than ``.safetensors`` or ``.pth``.
    """
    if Path(path).suffix not in WEIGHT_SUFFIXES:
        allowed = ' or '.join(WEIGHT_SUFFIXES)
        raise ValueError(f"Unsupported suffix of '{path}': use {allowed}.")


def refuse_overwriting(paths: Iterable[str | Path], force: bool) -> None:
    """Refuse files that exist, unless ``--force`` was given.

    Raises:
        FileExistsError: One of the files exists.
    """
    for path in paths:
        if Path(path).exists() and not force:
            raise FileExistsError(f"'{path}' exists: choose another name or add --force.")
