"""Sources that are not files: cameras and addresses of streams."""

import os
import re

ADDRESS = re.compile(r'(rtsp|rtsps|rtmp|rtmps|http|https|udp|tcp|srt)://', re.IGNORECASE)


def is_live(source: str) -> bool:
    """Whether a source is a camera (a number or a device) or an address, not a file."""
    if os.path.isfile(source):
        return False
    return bool(ADDRESS.match(source)) or camera_of(source) is not None


def camera_of(source: str) -> str | None:
    """Device of a camera given by its number or path, or None."""
    if source.isascii() and source.isdecimal():
        return f'/dev/video{int(source)}'
    return source if re.fullmatch(r'/dev/video\d+', source) else None
