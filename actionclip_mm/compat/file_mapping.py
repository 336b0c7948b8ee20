"""Whether files of weights are mapped into memory instead of being read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SWITCH = 'ACTIONCLIP_MM_MAP_WEIGHTS'  # environment variable
_COPIES: ContextVar[bool] = ContextVar('values_are_copied_at_once', default=False)


def is_switched_on() -> bool:
    """Whether the environment allows mapping.

    Raises:
        ValueError: The variable has another value than 'on' or 'off'.
    """
    value = (os.environ.get(SWITCH) or 'on').lower()
    if value not in ('on', 'off'):
        raise ValueError(f"{SWITCH} must be 'on' or 'off', got '{value}'.")
    return value == 'on'


def maps_weights() -> bool:
    """Whether files are mapped here: only where their values are copied into a model at once.

    Writing to a mapped file ends the process, so no tensor that is handed to a user may be mapped.
    """
    return _COPIES.get() and is_switched_on()


@contextmanager
def copying_at_once() -> Iterator[None]:
    """Declare that the values of files read within the block are copied before it ends."""
    token = _COPIES.set(True)
    try:
        yield
    finally:
        _COPIES.reset(token)
