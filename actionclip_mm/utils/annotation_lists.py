"""Read and write annotation lists, `path number [number …]` on each line.

The format is mmaction2's with two additions: paths may contain spaces, and an ambiguous path may be
written in double quotes, as a JSON string. Nothing is guessed or dropped.
"""

import json
import os.path as osp
import re
from typing import NamedTuple

from .generated_set import check_generated_set
from .reading import decode_text

NUMBER = re.compile(r'-?[0-9]{1,18}')  # int64
NUMBERS = re.compile(r'-?[0-9]{1,18}(,-?[0-9]{1,18})*')  # several labels
BLANK = ' \t\r'
NO_LABEL = -1  # mmaction2's value for a missing label
# a file name followed by numbers; '.5' alone is not an extension
FILE_AND_NUMBERS = re.compile(r'\.[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*([ \t]+-?[0-9]{1,18})+\Z')
# a file name followed by something that is neither a number nor the rest of a file name
VIDEO = r'\.(?:avi|flv|m4v|mkv|mov|mp4|mpe?g|webm|wmv)'
FILE_AND_MORE = re.compile(rf'.*{VIDEO}[ \t]*[,;|\s](?!.*{VIDEO}\Z).*', re.IGNORECASE)
# nearly all lines: a path without separators, quotes and zero bytes, and one number
PLAIN = re.compile(r'([^\s,;|"\0]+) (-?[0-9]{1,18})')


class Line(NamedTuple):
    """One annotation: its place in the file, its path and the integers after the path."""

    place: str
    path: str
    numbers: list[int]
    quoted: bool = False
    plain: bool = False  # nothing in the path could be a label


def read_lines(ann_file: str, delimiter: str = ' ', most: int | None = None) -> list[Line]:
    """Read all non-blank lines of a list.

    Args:
        ann_file: The list, UTF-8 with or without byte order mark.
        delimiter: Separator before each number; ``' '`` is any run of spaces and tabs, and the last
            numbers may be separated by commas (``path 0,3``).
        most: Maximum number of integers of a line; an integer before them belongs to the path, and
            with 0 the whole line is the path. Defaults to no limit.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Not UTF-8 text, no lines, a line without a path, or a generated set whose lists
            and clips do not match.
    """
    match = PLAIN.fullmatch if delimiter == ' ' and most != 0 else lambda line: None
    lines = []
    for row, line in enumerate(_read_text(ann_file).split('\n'), start=1):
        if plain := match(line):
            place = f'Line {row} of {ann_file}'
            lines.append(Line(place, plain[1], [int(plain[2])], False, True))
        elif text := line.strip(BLANK):
            lines.append(_read_line(f'Line {row} of {ann_file}', text, delimiter, most))
    if not lines:
        raise ValueError(f'{ann_file} is empty: give a list of at least one video.')
    check_generated_set(ann_file)
    return lines


def format_line(path: str, *numbers: int) -> str:
    """Write the line that :func:`read_lines` reads as this path and these numbers.

    Raises:
        ValueError: An empty path, or one with a line break.
    """
    if not path or '\n' in path or '\0' in path:
        raise ValueError(f'{path!r} cannot be written to a list: rename the file.')
    words = path.split()
    plain = words and path == path.strip(BLANK) and not path.startswith(('"', '\ufeff'))
    plain = plain and not path.endswith(',') and '\r' not in path
    misread = len(words) > 1 and NUMBERS.fullmatch(words[-1])
    if not plain or misread or FILE_AND_MORE.fullmatch(path):
        path = json.dumps(path, ensure_ascii=False)
    return ' '.join([path, *map(str, numbers)])


def one_label_each(lines: list[Line], labels: list[list[int]]) -> list[int]:
    """Label of each line of a single-label list; -1, as in mmaction2, for no label.

    Args:
        lines: The lines, for messages.
        labels: The labels of each line.

    Raises:
        ValueError: A line with several labels, a negative label other than -1, or a line without
            label among lines that have one.
    """
    some_labelled = any(labels)
    for line, numbers in zip(lines, labels, strict=True):
        meant = line.plain or line.quoted
        if len(numbers) > 1 or (not meant and FILE_AND_NUMBERS.search(line.path)):
            raise ValueError(
                f"{line.place} has several labels ('{line.path}', {numbers}): keep one, or set "
                'multi_class=True and num_classes of the data set.'
            )
        if some_labelled and not numbers:
            raise ValueError(
                f"{line.place} has no label ('{line.path}') but others have: add it, or write -1 "
                'for none.'
            )
        if numbers and numbers[0] < NO_LABEL:
            raise ValueError(f'{line.place} has label {numbers[0]}: labels must be 0, 1, 2, …')
    _refuse_unread_labels(lines)
    return [numbers[0] if numbers else NO_LABEL for numbers in labels]


def many_labels_each(
    lines: list[Line], labels: list[list[int]], num_classes: int
) -> list[list[int]]:
    """Different labels of each line of a multi-label list; none, or -1, for no label.

    Raises:
        ValueError: A label is not in [0, ``num_classes`` - 1].
    """
    _refuse_unread_labels(lines)
    for line, numbers in zip(lines, labels, strict=True):
        wrong = [label for label in numbers if not 0 <= label < num_classes]
        if wrong and numbers != [NO_LABEL]:
            raise ValueError(
                f'{line.place} has label {wrong[0]} but num_classes={num_classes}: labels must be '
                f'0 to {num_classes - 1}.'
            )
    return [[] if n == [NO_LABEL] else list(dict.fromkeys(n)) for n in labels]


def _refuse_unread_labels(lines: list[Line]) -> None:
    """Raise ValueError if something after a file name was read as part of the name."""
    for line in lines:
        if not (line.plain or line.quoted) and FILE_AND_MORE.fullmatch(line.path):
            raise ValueError(
                f"{line.place} has '{line.path}', which has no readable label: write "
                '`path label` with a space (`path 0 3` or `path 0,3` for several labels), or set '
                'delimiter of the data set.'
            )


def check_inside(
    place: str, path: str, folder: str, option: str = 'allow_outside=True of the data set'
) -> None:
    """Refuse a path outside of a folder. Links are not followed.

    Args:
        place: The line, for the message.
        path: As written in the list; absolute paths inside of the folder are allowed.
        folder: Folder of the data; ``''`` is the current one.
        option: How to allow it, for the message.

    Raises:
        ValueError: The path is outside of the folder.
    """
    if path[:1].isalnum() and ':' not in path and '..' not in path:
        return  # nearly all; the rest is slow
    root = osp.abspath(folder)
    found = osp.abspath(osp.join(folder, path))
    if found != root and not found.startswith(root.rstrip(osp.sep) + osp.sep):
        raise ValueError(
            f"{place} names '{path}', which is outside of the data_prefix '{folder}': fix the "
            f'path or data_prefix, or set {option} if the list is trusted.'
        )


def _read_text(ann_file: str) -> str:
    from mmengine import fileio  # slow to import

    if not fileio.exists(ann_file) or fileio.isdir(ann_file):
        raise FileNotFoundError(
            f"List '{ann_file}' does not exist: set ann_file to an annotation list."
        )
    return decode_text(fileio.get(ann_file), ann_file)


def _read_line(place: str, text: str, delimiter: str, most: int | None) -> Line:
    quoted = _quoted(text) if delimiter == ' ' and most != 0 else None
    path, numbers = quoted or _cut_numbers(text, delimiter, most)
    if numbers and quoted is None and path.endswith(','):
        raise ValueError(
            f"{place} has a comma after '{path[:-1]}' ('{text}'): write `path label` with a "
            "space, or set delimiter=',' of the data set."
        )
    if not path or '\0' in path:
        raise ValueError(f"{place} has no path ('{text}'): write `path label`, or remove the line.")
    return Line(place, path, numbers, quoted is not None)


def _quoted(text: str) -> tuple[str, list[int]] | None:
    """A quoted path and the numbers after it; None if the quote is part of the name."""
    if not text.startswith('"'):
        return None
    try:
        path, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError:
        return None
    words = text[end:].split()
    spaced = not words or text[end] in BLANK
    if not spaced or not all(NUMBER.fullmatch(word) for word in words):
        return None
    return path, [int(word) for word in words]


def _cut_numbers(text: str, delimiter: str, most: int | None) -> tuple[str, list[int]]:
    """Split integers off the end, at most ``most`` words and never the whole line."""
    numbers: list[int] = []
    words = 0
    number = NUMBERS if delimiter == ' ' else NUMBER
    while most is None or words < most:
        cut = text.rfind(delimiter)
        if delimiter == ' ':
            cut = max(cut, text.rfind('\t'))
        word = text[cut + len(delimiter) :].strip(BLANK)
        if cut < 0 or not number.fullmatch(word):
            break
        text = text[:cut].rstrip(BLANK)
        numbers[:0] = map(int, word.split(','))
        words += 1
    return text, numbers
