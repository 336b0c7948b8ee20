"""Errors of videos and decoders."""

import re

from ..utils import printable


class UnreadableVideo(ValueError):
    """No decoder can read a video. The message is one line with its path and what was tried.

    It takes the message alone, so that it survives pickling in data-loader workers.
    """


class CannotSeek(RuntimeError):
    """The decoder would return other frames than the requested ones."""


def reason(error: BaseException) -> str:
    """First sentence of a decoder's error, without decord's source lines and failed conditions."""
    text = re.sub(r'\[\d\d:\d\d:\d\d\] \S+?:\d+: ', '', str(error))
    text = re.sub(r'Check failed: .*? \(\S+ vs\. \S+\) ', '', text).strip()
    said = text.splitlines()[0].split('. ')[0].rstrip('.') if text else type(error).__name__
    return printable(said)
