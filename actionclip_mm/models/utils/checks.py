"""Refusals that several parts share."""

from typing import Any

from torch import nn


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


def head_with_labels(model: nn.Module) -> Any:
    """The head of a recognizer whose classes can be exchanged.

    Raises:
        ValueError: No head, or one whose classes are fixed, such as mmaction2's.
    """
    head = getattr(model, 'cls_head', None)
    if head is None:
        raise ValueError(
            f'{type(model).__name__} has no classes: set cls_head, such as to VideoTextHead.'
        )
    if not hasattr(head, 'set_labels'):
        raise ValueError(
            f'The classes of {type(head).__name__} are fixed by its training: leave out other '
            'labels and templates, or use a model with VideoTextHead.'
        )
    return head
