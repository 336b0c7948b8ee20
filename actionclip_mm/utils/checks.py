"""Refusals that several parts share."""

from typing import Any


def check_positive(value: Any, key: str, advice: str = 'set it to 1 or more') -> None:
    """Refuses what is no positive whole number.

    Args:
        value: What the config says.
        key: The config key, for the message.
        advice: What to do, for the message.

    Raises:
        ValueError: Anything but a whole number of at least 1.
    """
    if not isinstance(value, int) or value < 1:
        raise ValueError(f'{key}={value!r} is not a positive whole number: {advice}.')
