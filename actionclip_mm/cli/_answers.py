"""Output of ``actionclip predict``: answers on stdout, progress and errors on stderr, no noise."""

import logging
import os
import sys
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ..utils import printable, to_json, write_json

if TYPE_CHECKING:
    from ..apis import Prediction

NONE_OF_THESE = 'none of these'
RANDOM_NOTICE = '*** RANDOM WEIGHTS (--random-weights): these probabilities mean nothing ***'


@contextmanager
def without_host_noise() -> Iterator[None]:
    """Send the host packages' prints to stderr, and silence their messages below warnings.

    Errors still raise. Python's own warnings are shown if ``-W`` asks for them.
    """
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # open_clip warns of random weights before it loads them
    with redirect_stdout(sys.stderr), warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter('ignore')
        try:
            yield
        finally:
            root.setLevel(level)


@contextmanager
def hosts_log_warnings_only() -> Iterator[None]:
    """Silence mmengine's logger and the decoder, which this imports, below warnings."""
    import torch  # noqa: F401  decord crashes if it is loaded before torch
    from mmengine.logging import MMLogger

    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.WARNING)
    if find_spec('decord') is not None:  # there is none for ARM
        decord = import_module('decord')
        decord.logging.set_level(decord.logging.QUIET)  # errors raise all the same
    try:
        yield
    finally:
        logger.setLevel(level)


class Progress:
    """A counter on stderr, silent for a single video."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self.total, self.stream = total, stream
        self.in_place = stream.isatty()

    def show(self, done: int) -> None:
        """Show how many videos are done."""
        if self.total > 1 and self.in_place:
            self.stream.write(f'{done}/{self.total} videos' + '\n' * (done == self.total))
            self.stream.flush()
        elif self.total > 1 and done:
            print(f'{done}/{self.total} videos', file=self.stream, flush=True)

    def clear(self) -> None:
        """Erase the counter, so that a line can be printed."""
        if self.total > 1 and self.in_place:
            self.stream.write('\r\033[K')
            self.stream.flush()


def table(answer: 'Prediction', topk: int) -> str:
    """Path of a video and its labels, best first, with aligned scores."""
    pairs = [(printable(label), score) for label, score in answer.top(topk)]
    if answer.none_of_these is not None:
        pairs.append((NONE_OF_THESE, answer.none_of_these))
    width = max(_width(label) for label, _ in pairs)
    unit = ' %' if answer.are_probabilities else ''
    factor = 100 if answer.are_probabilities else 1
    rows = [
        f'  {label}{" " * (width - _width(label))}  {factor * score:6.2f}{unit}'
        for label, score in pairs
    ]
    rejected = [f'  {NONE_OF_THESE} (no cosine reaches the threshold)'] * answer.rejected
    return '\n'.join([printable(answer.video), *rejected, *rows])


def _width(text: str) -> int:
    """Terminal columns; East Asian characters take two."""
    return sum(1 + (unicodedata.east_asian_width(char) in 'WF') for char in text)


def content_of(answers: Sequence['Prediction'], topk: int, weights: str) -> dict[str, Any]:
    """All answers as one JSON object."""
    return dict(weights=weights, videos=[entry_of(answer, topk) for answer in answers])


def entry_of(answer: 'Prediction', topk: int) -> dict[str, Any]:
    """One answer as a JSON object."""
    entry: dict[str, Any] = dict(video=answer.video)
    if answer.error is not None:
        return entry | dict(error=answer.error)
    key = 'probability' if answer.are_probabilities else 'similarity'
    cosines = dict(zip(answer.labels, answer.cosines, strict=False))
    entry['predictions'] = [
        {'label': label, key: score} | ({'cosine': cosines[label]} if cosines else {})
        for label, score in answer.top(topk)
    ]
    if answer.none_of_these is not None:
        entry['none_of_these'] = answer.none_of_these
    if answer.rejected:
        entry['rejected'] = True
    if answer.missing_frames:
        entry['missing_frames'] = answer.missing_frames
    if answer.notes:
        entry['notes'] = list(answer.notes)
    return entry


def write_answers(target: str, content: dict[str, Any], out: TextIO) -> None:
    """Write to a file, or to ``out`` if the target is ``-`` or cannot be written.

    Raises:
        OSError: The file was not written; the answers are on ``out``.
    """
    if target == '-':
        print(to_json(content, indent=2), file=out, flush=True)
        return
    try:
        write_json(target, content, indent=2)
    except OSError as error:
        print(to_json(content, indent=2), file=out, flush=True)
        raise type(error)(f'{error} The answers were printed instead.') from error


def partial_path(target: str) -> str:
    """New file for the answers of an interrupted run, so that no file is replaced."""
    if target == '-' or (os.path.exists(target) and not os.path.isfile(target)):
        return target
    names = chain(['.partial.json'], (f'.partial.{number}.json' for number in count(2)))
    places = (str(Path(target).with_suffix(name)) for name in names)
    return next(place for place in places if not os.path.lexists(place))
