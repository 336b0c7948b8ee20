"""Text of others (labels, keys, names of files) in code, on terminals and on pages.

Standard library only: tools load it before what is slow.
"""

import unicodedata
from collections.abc import Sequence
from typing import Any


def literal(value: Any) -> str:
    """Python code of a plain value, in which mmengine substitutes nothing.

    ``Config.fromfile`` replaces ``{{ fileDirname }}`` and ``{{$HOME:none}}`` in the text of a
    config, wherever they are; here the second brace of a string is written as an escape.
    """
    return repr(value).replace('{{', '{\\x7b') if isinstance(value, str) else repr(value)


def in_docstring(text: str) -> str:
    """Text as it may be between triple double quotes, with the same care."""
    inner = ''.join(literal(f'"{part}')[2:-1] + '\n' for part in text.split('\n'))[:-1]
    return inner.replace("\\'", "'").replace('"', '\\"')


def printable(text: str) -> str:
    """Text on one line for terminals and pages: control characters are shown as escapes.

    A terminal takes some of them for commands (change the title, write the clipboard, move up and
    write over what is there). Directions of writing that hide what follows are shown as well.
    """
    if text.isprintable():
        return text
    return ''.join(_escape(char) if _controls(char) else char for char in text)


def on_page(text: str) -> str:
    """The same for one line or cell of a Markdown page, whose readers take ``<`` for HTML."""
    return printable(text).replace('<', '&lt;').replace('|', '\\|')


def list_names(names: Sequence[str], most: int = 5) -> str:
    """The first few names, and how many more there are."""
    more = f' and {len(names) - most} more' if len(names) > most else ''
    return ', '.join(map(printable, names[:most])) + more


def first_line(error: BaseException) -> str:
    """First line of an error's message, or its type if it has none or only a key."""
    lines = str(error).strip().splitlines()
    said = lines[0] if lines and not isinstance(error, KeyError) else type(error).__name__
    return printable(said)


def _controls(char: str) -> bool:
    if char == '\t':
        return False
    kind = unicodedata.category(char)
    bidirectional = '\u202a' <= char <= '\u202e' or '\u2066' <= char <= '\u2069'
    return kind in ('Cc', 'Cs', 'Zl', 'Zp') or bidirectional


def _escape(char: str) -> str:
    return char.encode('unicode_escape').decode()
