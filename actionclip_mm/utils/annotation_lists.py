"""Reads annotation lists, `path number [number …]` on each line, and loses or guesses nothing.

The format is mmaction2's, with two additions: paths may hold spaces, and a path that the numbers
behind it would make ambiguous may stand in double quotes, as a JSON string.
"""

import json
import os.path as osp
import re
from typing import NamedTuple

from .generated_set import check_generated_set
from .reading import decode_text

NUMBER = re.compile(r'-?[0-9]{1,18}')  # more do not fit into int64
NUMBERS = re.compile(r'-?[0-9]{1,18}(,-?[0-9]{1,18})*')  # several labels, with commas in between
BLANK = ' \t\r'
NO_LABEL = -1  # what mmaction2 reads where there is no label
# a file name with numbers behind it; '.5' alone is no extension
FILE_AND_NUMBERS = re.compile(r'\.[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*([ \t]+-?[0-9]{1,18})+\Z')
# a file name with something behind it that is neither a number nor the rest of a file name
VIDEO = r'\.(?:avi|flv|m4v|mkv|mov|mp4|mpe?g|webm|wmv)'
FILE_AND_MORE = re.compile(rf'.*{VIDEO}[ \t]*[,;|\s](?!.*{VIDEO}\Z).*', re.IGNORECASE)


class Line(NamedTuple):
    """One annotation: where it stands, its path and the whole numbers behind the path."""

    place: str
    path: str
    numbers: list[int]
    quoted: bool = False


def read_lines(ann_file: str, delimiter: str = ' ', most: int | None = None) -> list[Line]:
    """Reads all lines of a list but the blank ones.

    Args:
        ann_file: The list, UTF-8 with or without byte order mark.
        delimiter: What stands in front of each number; ``' '`` is any run of spaces and tabs, and
            commas may stand between the last numbers (``path 0,3``).
        most: As many numbers at most belong to a line; a whole number before them is the end of
            the path, and with 0 the whole line is the path. Defaults to all there are.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A file that is not text in UTF-8, a file without lines, a line without a path,
            a generated set whose lists and clips do not belong together.
    """
    lines = [
        _read_line(f'Line {row} of {ann_file}', line.strip(BLANK), delimiter, most)
        for row, line in enumerate(_read_text(ann_file).split('\n'), start=1)
        if line.strip(BLANK)
    ]
    if not lines:
        raise ValueError(f'{ann_file} holds no line: give a list of at least one video.')
    check_generated_set(ann_file)
    return lines


def format_line(path: str, *numbers: int) -> str:
    """The line that :func:`read_lines` reads as this path and these numbers.

    Raises:
        ValueError: An empty path, or one with a line break.
    """
    if not path or '\n' in path or '\0' in path:
        raise ValueError(f'{path!r} cannot stand in a list: rename the file.')
    words = path.split()
    plain = words and path == path.strip(BLANK) and not path.startswith(('"', '\ufeff'))
    plain = plain and not path.endswith(',') and '\r' not in path
    misread = len(words) > 1 and NUMBERS.fullmatch(words[-1])
    if not plain or misread or FILE_AND_MORE.fullmatch(path):
        path = json.dumps(path, ensure_ascii=False)
    return ' '.join([path, *map(str, numbers)])


def one_label_each(lines: list[Line], labels: list[list[int]]) -> list[int]:
    """The label of each line of a list where a video has one; -1, as in mmaction2, for no label.

    Args:
        lines: The lines, for messages.
        labels: The numbers of each line that are labels.

    Raises:
        ValueError: A line with several labels, a negative label other than -1, or a line without
            label among lines that have one.
    """
    some_labelled = any(labels)
    for line, numbers in zip(lines, labels, strict=True):
        if len(numbers) > 1 or (not line.quoted and FILE_AND_NUMBERS.search(line.path)):
            raise ValueError(
                f"{line.place} has several labels ('{line.path}', {numbers}): leave one, or set "
                'multi_class=True and num_classes of the data set.'
            )
        if some_labelled and not numbers:
            raise ValueError(
                f"{line.place} has no label ('{line.path}') but others have: add it, or write -1 "
                'where there is none.'
            )
        if numbers and numbers[0] < NO_LABEL:
            raise ValueError(f'{line.place} has label {numbers[0]}: labels are 0, 1, 2 and so on.')
    _refuse_unread_labels(lines)
    return [numbers[0] if numbers else NO_LABEL for numbers in labels]


def many_labels_each(
    lines: list[Line], labels: list[list[int]], num_classes: int
) -> list[list[int]]:
    """The different labels of each line of a multi-label list; none, or -1, for no label.

    Raises:
        ValueError: A label that is not within 0 and ``num_classes`` - 1.
    """
    _refuse_unread_labels(lines)
    for line, numbers in zip(lines, labels, strict=True):
        wrong = [label for label in numbers if not 0 <= label < num_classes]
        if wrong and numbers != [NO_LABEL]:
            raise ValueError(
                f'{line.place} has label {wrong[0]} but num_classes={num_classes}: labels are 0 to '
                f'{num_classes - 1}.'
            )
    return [[] if n == [NO_LABEL] else list(dict.fromkeys(n)) for n in labels]


def _refuse_unread_labels(lines: list[Line]) -> None:
    """Raises ValueError where something behind a file name was taken for a part of the name."""
    for line in lines:
        if not line.quoted and FILE_AND_MORE.fullmatch(line.path):
            raise ValueError(
                f"{line.place} has '{line.path}', in which no label can be read: write "
                '`path label` with a space (`path 0 3` or `path 0,3` for several labels), or set '
                'delimiter of the data set.'
            )


def check_inside(
    place: str, path: str, folder: str, option: str = 'allow_outside=True of the data set'
) -> None:
    """Refuses a path that leaves a folder. Links are not followed.

    Args:
        place: The line, for the message.
        path: As it stands in the list; absolute paths are allowed inside of the folder.
        folder: The folder of the data; ``''`` is the current one.
        option: What allows it, for the message.

    Raises:
        ValueError: The path leads out of the folder.
    """
    if not osp.isabs(path) and '..' not in path:
        return  # nearly all; the rest is slow
    root = osp.abspath(folder)
    found = osp.abspath(osp.join(folder, path))
    if found != root and not found.startswith(root.rstrip(osp.sep) + osp.sep):
        raise ValueError(
            f"{place} names '{path}', which is outside of the data_prefix '{folder}': mend the "
            f'path or data_prefix, or set {option} if the list is trusted.'
        )


def _read_text(ann_file: str) -> str:
    from mmengine import fileio  # slow to import

    if not fileio.exists(ann_file) or fileio.isdir(ann_file):
        raise FileNotFoundError(f"There is no list '{ann_file}': set ann_file to a file of lines.")
    return decode_text(fileio.get(ann_file), ann_file)


def _read_line(place: str, text: str, delimiter: str, most: int | None) -> Line:
    quoted = _quoted(text) if delimiter == ' ' and most != 0 else None
    path, numbers = quoted or _cut_numbers(text, delimiter, most)
    if numbers and quoted is None and path.endswith(','):
        raise ValueError(
            f"{place} has a comma behind '{path[:-1]}' ('{text}'): write `path label` with a "
            "space, or set delimiter=',' of the data set."
        )
    if not path or '\0' in path:
        raise ValueError(f"{place} has no path ('{text}'): write `path label`, or drop the line.")
    return Line(place, path, numbers, quoted is not None)


def _quoted(text: str) -> tuple[str, list[int]] | None:
    """A path in quotes with numbers behind it; None where a quote is part of the name."""
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
    """Takes whole numbers off the end, up to ``most`` words of them and never the whole line."""
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
