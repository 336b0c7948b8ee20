"""The error of a video that no decoder can read."""


class UnreadableVideo(ValueError):
    """A video that cannot be read; the message is one line with its path and what was tried.

    It has no arguments but the message, so that it comes out of data-loader workers as it is.
    """
