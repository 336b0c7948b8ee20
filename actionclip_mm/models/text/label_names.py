"""Class names as people write them: reading lists of them and splitting joined words."""

import csv
import json
import re
from pathlib import Path
from typing import List, Sequence, Tuple, Union

# A border between words inside CamelCase: before a capital that follows a small letter or a digit,
# or that ends a run of capitals ("YoYo", "HTMLPage").
_CAMEL_BORDER = re.compile(r'(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])')


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


def read_labels(labels: Union[str, Sequence[str]], split_names: bool = True) -> Tuple[str, ...]:
    """Class names from a list or from a file, in the order of their ids.

    Args:
        labels: The names, or the path of a ``.txt`` (one name per line), ``.json`` (list of names)
            or ``.csv`` (columns ``id,name``) file.
        split_names: Whether joined words are split. Defaults to True.

    Returns:
        The names.

    Raises:
        FileNotFoundError: No such file.
        ValueError: No names, an empty name or the same name twice.
        TypeError: Something that is not text.
    """
    source = 'labels'
    if isinstance(labels, (str, Path)):
        source = f"'{labels}'"
        labels = _read_file(Path(labels))
    names = []
    for index, label in enumerate(labels):
        if not isinstance(label, str):
            raise TypeError(f'Label {index} of {source} is {label!r}: labels must be text.')
        names.append(split_name(label) if split_names else label.strip())
    _check(names, source)
    return tuple(names)


def _read_file(path: Path) -> List[str]:
    if not path.is_file():
        raise FileNotFoundError(f"There is no label file '{path}': set `labels` to a file or list.")
    try:
        text = path.read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise ValueError(f"The label file '{path}' is not UTF-8 text: save it as UTF-8.") from error
    if path.suffix == '.json':
        content = json.loads(text)
        if not isinstance(content, list):
            raise ValueError(f"'{path}' holds no JSON list: write the names as a list in id order.")
        return content
    if path.suffix == '.csv':
        rows = sorted(csv.DictReader(text.splitlines()), key=lambda row: int(row['id']))
        return [row['name'] for row in rows]
    return text.rstrip('\n').split('\n') if text.strip() else []


def _check(names: List[str], source: str) -> None:
    if not names:
        raise ValueError(f'There are no class names in {source}: give at least one.')
    seen = {}
    for index, name in enumerate(names):
        if not name:
            raise ValueError(f'Label {index} of {source} is empty: every class needs a name.')
        if name in seen:
            raise ValueError(
                f"Labels {seen[name]} and {index} of {source} are both '{name}': names must differ."
            )
        seen[name] = index
