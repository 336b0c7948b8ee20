"""Errors of decoders in one line."""

import re

from ...utils import printable


def reason(error: BaseException) -> str:
    """The first sentence of an error; decord puts source lines and conditions before it."""
    text = re.sub(r'\[\d\d:\d\d:\d\d\] \S+?:\d+: ', '', str(error))
    text = re.sub(r'Check failed: .*? \(\S+ vs\. \S+\) ', '', text).strip()
    said = text.splitlines()[0].split('. ')[0].rstrip('.') if text else type(error).__name__
    return printable(said)
