"""Class names as people write them: reading lists of them and splitting joined words."""

import csv
import json
import re
import reprlib
from collections.abc import Sequence
from pathlib import Path

# A border between words inside CamelCase: before a capital that follows a small letter or a digit,
# or that ends a run of capitals ("YoYo", "HTMLPage").
_CAMEL_BORDER = re.compile(r'(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])')


# CLIP reads 77 tokens: what is longer is no name but, say, a file without line ends.
LONGEST = 1000


def split_name(name: str) -> str:
    """Splits a joined class name into words: ``ApplyEyeMakeup`` -> ``apply eye makeup``.

    Names that already have spaces are left as they are but for underscores; CLIP's tokenizer turns
    joined words into pieces that mean nothing.
    """
    words = name.replace('_', ' ').strip()
    if ' ' not in words:
        split = _CAMEL_BORDER.sub(' ', words)
        words = split.lower() if split != words else words
    return ' '.join(words.split())


def plain(name: str) -> str:
    """A name without case, quotes and other signs, which differ between copies of a list."""
    return ''.join(sign for sign in name.casefold() if sign.isalnum())


def read_labels(labels: str | Sequence[str], split_names: bool = True) -> tuple[str, ...]:
    """Class names from a list or from a file, in the order of their ids.

    Args:
        labels: The names, or the path of a ``.txt`` (one name per line), ``.json`` (list of names)
            or ``.csv`` (columns ``id,name``) file.
        split_names: Whether joined words are split. Defaults to True.

    Returns:
        The names.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A file that is no UTF-8 text, no names, an empty name, one of more than 1,000
            characters, or the same name twice whatever its case: CLIP's tokenizer reads small
            letters only.
        TypeError: Neither a list nor a path, or a name that is not text.
    """
    source = 'labels'
    if isinstance(labels, (str, Path)):
        source = f"'{labels}'"
        labels = _read_file(Path(labels))
    elif not isinstance(labels, Sequence):
        raise TypeError(f'labels={labels!r} is no list of names and no path: set one of these.')
    names = []
    for index, label in enumerate(labels):
        if not isinstance(label, str):
            raise TypeError(
                f'Label {index} of {source} is {reprlib.repr(label)}: labels must be text.'
            )
        names.append(split_name(label) if split_names else label.strip())
    _check(names, source)
    return tuple(names)


def _read_file(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(f"There is no label file '{path}': set `labels` to a file or list.")
    text = read_text(path)
    readers = {'.json': _from_json, '.csv': _from_csv}
    if path.suffix in readers:
        return readers[path.suffix](text, path)
    return text.rstrip('\n').split('\n') if text.strip() else []


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, with or without byte order mark; line ends become ``\\n``.

    Raises:
        ValueError: It is no such text, with the line.
    """
    content = path.read_bytes()
    try:
        text, place = content.decode('utf-8-sig'), content.find(b'\0')
        reason = 'a zero byte'
    except UnicodeDecodeError as error:
        place, reason = error.start, f'the byte 0x{content[error.start]:02x}'
    if place >= 0:
        row = content.count(b'\n', 0, place) + 1
        raise ValueError(
            f"Line {row} of '{path}' has {reason}, so the file is not UTF-8 text: save it as UTF-8."
        )
    return text.replace('\r\n', '\n').replace('\r', '\n')


def _from_json(text: str, path: Path) -> list[str]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers of too many digits
        raise ValueError(f"'{path}' cannot be read as JSON ({error}): mend that place.") from error
    if not isinstance(content, list):
        raise ValueError(f"'{path}' holds no JSON list: write the names as a list in id order.")
    return content


def _from_csv(text: str, path: Path) -> list[str]:
    try:
        rows = [(int(row['id']), row['name']) for row in csv.DictReader(text.split('\n'))]
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise ValueError(
            f"'{path}' needs the columns id and name with whole numbers as ids: mend its rows."
        ) from error
    if sorted(index for index, _ in rows) != list(range(len(rows))):
        raise ValueError(f"The ids in '{path}' are not 0, 1, 2, … once each: mend them.")
    return [name for _, name in sorted(rows)]


def _check(names: list[str], source: str) -> None:
    if not names:
        raise ValueError(f'There are no class names in {source}: give at least one.')
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        if not name:
            raise ValueError(f'Label {index} of {source} is empty: every class needs a name.')
        if len(name) > LONGEST:
            raise ValueError(
                f'Label {index} of {source} has {len(name):,} characters: give one name per line.'
            )
        read_as = ' '.join(name.lower().split())  # as CLIP's tokenizer reads it
        if read_as in seen:
            before = names[seen[read_as]]
            are = f"both '{name}'" if before == name else f"'{before}' and '{name}', read alike"
            raise ValueError(
                f'Labels {seen[read_as]} and {index} of {source} are {are}: names must differ.'
            )
        seen[read_as] = index
