"""When weights are downloaded or read: from the cache alone while offline, or not at all."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import urlsplit
from urllib.request import getproxies

from huggingface_hub import constants

TIMEOUT = 5.0  # seconds for one connection attempt
_SKIP_WEIGHTS: ContextVar[bool] = ContextVar('skip_weights', default=False)


@contextmanager
def skip_loading_weights() -> Iterator[None]:
    """Make ``build_clip`` keep random weights: it neither reads nor downloads any.

    For models whose checkpoint follows. Setting ``pretrained=None`` instead would also lose the
    activation (QuickGELU) and the pixel mean and std, which ``pretrained`` decides.
    """
    token = _SKIP_WEIGHTS.set(True)
    try:
        yield
    finally:
        _SKIP_WEIGHTS.reset(token)


def skips_weights() -> bool:
    """Whether :func:`skip_loading_weights` is in force."""
    return _SKIP_WEIGHTS.get()


@contextmanager
def cache_only_when_offline() -> Iterator[None]:
    """Within it, the hub's client reads its cache only if the hub does not answer.

    The client retries every file for about 20 seconds with a warning each; offline that is a long
    wait for nothing.
    """
    if hub_answers():
        yield
        return
    before, log = constants.HF_HUB_OFFLINE, logging.getLogger()
    level = log.level
    constants.HF_HUB_OFFLINE = True
    log.setLevel(logging.CRITICAL)  # open_clip logs the failure that the caller reports
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
        log.setLevel(level)


def hub_answers() -> bool:
    """Whether a connection to the hub opens; with a proxy that cannot be told, so True."""
    if constants.HF_HUB_OFFLINE:
        return False
    if getproxies():
        return True
    address = urlsplit(constants.ENDPOINT)
    try:
        port = address.port or (443 if address.scheme == 'https' else 80)
        socket.create_connection((str(address.hostname), port), timeout=TIMEOUT).close()
    except OSError:
        return False
    return True
