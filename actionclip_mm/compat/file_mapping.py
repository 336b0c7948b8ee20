"""Whether files of weights are mapped into memory instead of being read."""

import os

SWITCH = 'ACTIONCLIP_MM_MAP_WEIGHTS'  # environment variable


def maps_weights() -> bool:
    """Whether files of weights are mapped.

    Raises:
        ValueError: The variable has another value than 'on' or 'off'.
    """
    value = (os.environ.get(SWITCH) or 'on').lower()
    if value not in ('on', 'off'):
        raise ValueError(f"{SWITCH} must be 'on' or 'off', got '{value}'.")
    return value == 'on'
