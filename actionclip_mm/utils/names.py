"""Many names in few words."""

from collections.abc import Sequence

from .foreign_text import printable


def list_names(names: Sequence[str], most: int = 5) -> str:
    """The first few names, and how many more there are."""
    more = f' and {len(names) - most} more' if len(names) > most else ''
    return ', '.join(map(printable, names[:most])) + more
