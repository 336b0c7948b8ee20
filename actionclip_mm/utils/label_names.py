"""Class names as people write them: reading lists of them and splitting joined words.

Imports the standard library only, so that a command can refuse a bad list before slow imports.
"""

import csv
import re
import reprlib
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from .reading import read_json, read_text

# A border between words inside CamelCase: before a capital that follows a small letter or (before a
# small one) a digit, or that ends a run of capitals ("YoYo", "Round2Final", "HTMLPage"); but
# "3DPrinting" begins with "3D".
_CAMEL_BORDER = re.compile(r'(?<=[a-z])(?=[A-Z])|(?<=[0-9])(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z])')

# CLIP reads 77 tokens: a longer text is not a name but, say, a file without line ends.
LONGEST = 1000
# At most this share of a list may repeat other names, as in published lists (one of Gym99's).
MOST_REPEATED = 0.2

# Signs that show nothing but count as letters or symbols: Hangul fillers, the blank of Braille.
_FILLERS = '\u115f\u1160\u2800\u3164\uffa0'

# How a line of a label file carries a class id: "1 name", "1. name", "c001 name", "name 1". The
# letter is the same in all lines (Charades' c000, NTU's A1).
_NUMBER = r'(?P<letter>[A-Za-z]?)(?P<id>-?[0-9]{1,7})'
_BEGINS = re.compile(
    rf'[\[(]?{_NUMBER}(?:[\])]?[.:)]?\s+(?:-+>?\s+)?|\s*[,;:|=\t]\s*)(?P<name>\S.*)'
)
_ENDS = re.compile(
    r'(?P<name>.*?\S)(?:\s+(?:-+>?\s+)?|\s*[,;:|=\t]\s*)(?P<letter>)(?P<id>-?[0-9]{1,7})'
)
_QUOTED = re.compile(r"""(["'])[A-Za-z]?-?[0-9]{1,7}\1""")
_VIDEO = re.compile(r'.*\.(?:avi|flv|m4v|mkv|mov|mp4|mpe?g|webm|wmv)(?:\s+-?[0-9]+)+', re.I)


def split_name(name: str) -> str:
    """Splits a joined class name into words: ``ApplyEyeMakeup`` -> ``apply eye makeup``.

    Names that already have spaces are left as they are but for underscores; CLIP's tokenizer turns
    joined words into pieces that mean nothing.
    """
    words = trim(name.replace('_', ' '))
    if ' ' not in words:
        split = _CAMEL_BORDER.sub(' ', words)
        words = split.lower() if split != words else words
    return ' '.join(words.split())


def normalize_name(name: str) -> str:
    """Drop case, quotes and punctuation, which differ between copies of a label list."""
    return ''.join(char for char in name.casefold() if char.isalnum())


def trim(name: str) -> str:
    """A name without spaces and other signs at its ends that show nothing (U+200B, U+FEFF, …)."""
    start, end = 0, len(name)
    while start < end and _shows_nothing(name[start]):
        start += 1
    while end > start and _shows_nothing(name[end - 1]):
        end -= 1
    return name[start:end]


def _shows_nothing(sign: str) -> bool:
    return sign.isspace() or sign in _FILLERS or unicodedata.category(sign) in ('Cc', 'Cf')


def read_labels(labels: str | Sequence[str], split_names: bool = True) -> tuple[str, ...]:
    """Class names from a list or from a file, in the order of their ids.

    The one reader of label lists: label encoder, ``set_labels``, ``predict``, hooks, protocols,
    converters and metrics all come here.

    Args:
        labels: The names, or the path of a file: ``.txt`` (one name per line, or a name and its id
            on each line, in any order), ``.json`` (list of names, or one object of ids and names)
            or ``.csv`` and ``.tsv`` (columns ``id`` and ``name``). Ids count from 0 or from 1.
        split_names: Whether joined words are split. Defaults to True.

    Returns:
        The names.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A file that is not UTF-8 text, ids that are not each number once, no names, an
            empty name, one of more than 1,000 characters, or many names that are there twice
            (whatever their case: CLIP's tokenizer reads small letters only). A few repeated names
            are kept and logged.
        TypeError: Neither a list nor a path, or a name that is not text.
    """
    source = 'labels'
    if isinstance(labels, (str, Path)):
        source = f"'{labels}'"
        labels = _read_file(Path(labels))
    elif not isinstance(labels, Sequence):
        raise TypeError(f'labels={labels!r} must be a list of names or a path.')
    names = []
    for index, label in enumerate(labels):
        if not isinstance(label, str):
            raise TypeError(
                f'Label {index} of {source} is {reprlib.repr(label)}: labels must be text.'
            )
        names.append(split_name(label) if split_names else trim(label))
    _check(names, source)
    return tuple(names)


def _read_file(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(f"There is no label file '{path}': set `labels` to a file or list.")
    if path.suffix.lower() == '.json':
        return _from_json(path)
    text = read_text(path)
    header = text.partition('\n')[0]
    if path.suffix.lower() in ('.csv', '.tsv') or _columns(header) is not None:
        return _from_csv(text, path)
    return _from_lines(text.rstrip('\n').split('\n') if text.strip() else [], path)


def _from_json(path: Path) -> list[str]:
    content = read_json(path)
    if (
        isinstance(content, Mapping) and len(content) > 1
    ):  # {"0": "clap"} or, as Something-Something's, {"clap": "0"}
        for pairs in (content.items(), ((value, key) for key, value in content.items())):
            rows = [(_whole(index), name) for index, name in pairs]
            if rows and all(index is not None and isinstance(name, str) for index, name in rows):
                return _in_order(rows, path)
    if not isinstance(content, list):
        raise ValueError(
            f"'{path}' holds no JSON list of names and no object of ids and names: write one."
        )
    return content


def _from_csv(text: str, path: Path) -> list[str]:
    """Rows with the columns id and name, or without a header rows of two fields, one a number."""
    try:
        header, _, rest = text.partition('\n')
        columns = _columns(header)
        delimiter, number, name = columns or (_delimiter(header), 0, 1)
        fields = [
            row
            for row in csv.reader((rest if columns else text).split('\n'), delimiter=delimiter)
            if any(map(trim, row))
        ]
        if columns is None and any(len(row) != 2 for row in fields):
            raise ValueError('two fields in each row')
        if columns is None and any(_whole(row[0]) is None for row in fields):
            number, name = 1, 0
        rows = [(int(row[number]), row[name]) for row in fields]
    except (IndexError, ValueError, csv.Error) as error:
        raise ValueError(
            f"'{path}' needs the columns id and name with integer ids: correct its rows."
        ) from error
    return _in_order(rows, path)


def _columns(header: str) -> tuple[str, int, int] | None:
    """Delimiter and places of the columns id and name of a header; None if it is not a header."""
    for delimiter in ',\t;':
        names = [trim(name).strip('"').lower() for name in header.split(delimiter)]
        if 'id' in names and 'name' in names:
            return delimiter, names.index('id'), names.index('name')
    return None


def _delimiter(header: str) -> str:
    return max('\t;,', key=header.count)


def _from_lines(lines: list[str], path: Path) -> list[str]:
    """Names, one on each line; where every line carries an id too, in the order of the ids."""
    rows = [line for line in map(trim, lines) if line]
    if len(rows) > 1 and all(map(_VIDEO.fullmatch, rows)):
        raise ValueError(f"'{path}' is a list of videos ('{rows[0]}'): give a list of class names.")
    quoted = [row for row in rows if _QUOTED.match(row) or _QUOTED.search(row[-10:])]
    if len(rows) > 1 and 2 * len(quoted) >= len(rows):
        raise ValueError(
            f"The ids in '{path}' are in quotes ('{quoted[0]}'): remove the quotes, or name the "
            'file .csv.'
        )
    for pattern, where in ((_BEGINS, 'begins'), (_ENDS, 'ends')):
        matches = [pattern.fullmatch(row) for row in rows]
        found = [match for match in matches if match is not None]
        ids = [int(match['id']) for match in found]
        letters = {match['letter'] for match in found}
        # '1 point shot', '2 point shot': numbers that tell equal names apart belong to the names
        if len(rows) < 2 or len(letters) != 1 or 2 * len({m['name'] for m in found}) <= len(found):
            continue
        if len(found) == len(rows):
            names = [match['name'] for match in found]
            if min(ids) in (0, 1) and len(set(ids)) == len(ids) == max(ids) - min(ids) + 1:
                _note(
                    f"Every line of '{path}' {where} with a number from {min(ids)} to {max(ids)}: "
                    'these are read as class ids, not as parts of the names.'
                )
            return _in_order(list(zip(ids, names, strict=True)), path, where)
        if len(found) > 1 and len(set(ids)) == len(ids) <= max(ids) + 1:
            some = f"{len(found)} of {len(rows)} lines of '{path}' {where[:-1]} with a"
            most = 10 * len(found) >= 9 * len(rows)
            if most or (2 * len(found) >= len(rows) and min(ids) >= 0 and max(ids) <= len(rows)):
                bad = rows[matches.index(None)]
                raise ValueError(
                    f"{some} class id but '{bad}' does not: give each line an id, or none."
                )
            if max(ids) - min(ids) + 1 == len(ids):
                _note(f'{some} number: these are read as parts of the names, not as class ids.')
    return lines


def _in_order(rows: Iterable[tuple[Any, str]], path: Path, where: str = '') -> list[str]:
    """Names in the order of ids that count from 0 or from 1."""
    rows = sorted(rows, key=lambda row: row[0])
    ids = [index for index, _ in rows]
    if not ids or ids not in (list(range(len(ids))), list(range(1, len(ids) + 1))):
        way_out = ', or give a .json list if the numbers belong to the names' if where else ''
        gap = next(((i, j) for i, j in pairwise(ids) if j != i + 1), None)
        after = '' if gap is None else f' (after {gap[0]} comes {gap[1]})'
        raise ValueError(
            f"The ids in '{path}' are not 0, 1, 2, … or 1, 2, 3, … once each{after}: correct them"
            f'{way_out}.'
        )
    return [name for _, name in rows]


def _whole(value: Any) -> int | None:
    """A whole number, or text of one; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = value.strip() if isinstance(value, str) else ''
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _check(names: list[str], source: str) -> None:
    if not names:
        raise ValueError(f'There are no class names in {source}: give at least one.')
    seen: dict[str, int] = {}
    repeated: list[tuple[int, int]] = []
    for index, name in enumerate(names):
        if not name:
            raise ValueError(f'Label {index} of {source} is empty: every class needs a name.')
        if len(name) > LONGEST:
            raise ValueError(
                f'Label {index} of {source} has {len(name):,} characters: give one name per line.'
            )
        # as CLIP's tokenizer reads it, and without signs that nobody sees
        read_as = ' '.join(name.lower().split())
        read_as = ''.join(sign for sign in read_as if unicodedata.category(sign) != 'Cf')
        if seen.setdefault(read_as, index) != index:
            repeated.append((seen[read_as], index))
    if repeated:
        first, second = repeated[0]
        before, name = names[first], names[second]
        are = f"both '{name}'" if before == name else f"'{before}' and '{name}', read alike"
        if len(repeated) > MOST_REPEATED * len(names):
            raise ValueError(
                f'Labels {first} and {second} of {source} are {are}: names must differ.'
            )
        _note(
            f'Labels {first} and {second} of {source} are {are}: both ids are kept, but their '
            f'sentences are alike and {second} is never answered before {first}.'
            + (f' {len(repeated) - 1} more names are repeated.' if len(repeated) > 1 else '')
        )


def _note(message: str) -> None:
    """Logs through mmengine where it is in use, else writes to stderr."""
    logging = sys.modules.get('mmengine.logging')
    if logging is None:
        print(message, file=sys.stderr)
    else:
        logging.print_log(message, 'current')
