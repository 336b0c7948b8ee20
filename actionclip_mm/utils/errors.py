"""Errors of others inside a sentence of ours."""

from .foreign_text import printable


def first_line(error: Exception) -> str:
    """The first line of what an error says, or its kind where it says nothing or only a key."""
    lines = str(error).strip().splitlines()
    said = lines[0] if lines and not isinstance(error, KeyError) else type(error).__name__
    return printable(said)
