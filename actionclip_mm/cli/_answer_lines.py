"""Answers of ``actionclip predict --jsonl``: one line each, kept and continued over several runs.

The first line says what the answers depend on. A line is complete when it ends; a last line that a
killed run left incomplete is removed.
"""

import fcntl
import json
import os
from typing import TYPE_CHECKING, Any, BinaryIO

from ..utils import name_errors, to_json
from ._answers import entry_of

if TYPE_CHECKING:
    from ..apis import Prediction

FORMAT = 'answers of actionclip_mm, version 1'
START = to_json(dict(format=FORMAT), None)[:-1].encode()
INFORMATIVE = ('version', 'model')  # keys of the header that may differ between runs


class AnswerLines:
    """A JSON Lines file of answers, open for appending.

    Args:
        path: The file; continued if it exists.
        header: What the answers depend on, as JSON values.
        topk: Labels per answer.

    Attributes:
        answered: Video -> whether it could be read, of all runs.

    Raises:
        ValueError: Another file, answers of another model or labels, or a damaged line.
        OSError: The file cannot be written, or another process writes it.
    """

    def __init__(self, path: str, header: dict[str, Any], topk: int) -> None:
        self.path, self.topk = path, topk
        self.answered: dict[str, bool] = {}
        with name_errors(path):
            self._file: BinaryIO = open(path, 'a+b')  # noqa: SIM115  open until close()
        try:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OSError(f"--jsonl: another process writes '{path}': wait for it.") from None
            self._continue(json.loads(to_json(dict(format=FORMAT, **header), None)))
        except BaseException:
            self._file.close()
            raise

    def append(self, answer: 'Prediction') -> None:
        """Write one answer; it is in the file when this returns."""
        self._write(entry_of(answer, self.topk))
        self.answered[answer.video] = answer.error is None

    def left_of(self, videos: list[str], retry_errors: bool = False) -> list[str]:
        """The videos without an answer, each once.

        Args:
            videos: Their paths.
            retry_errors: Whether those that could not be read are left, too.
        """
        return [
            video
            for video in dict.fromkeys(videos)
            if video not in self.answered or (retry_errors and not self.answered[video])
        ]

    def close(self) -> None:
        """Close the file and release its lock."""
        self._file.close()

    def _continue(self, header: dict[str, Any]) -> None:
        """Compare the header, note what is answered and remove an incomplete last line."""
        self._file.seek(0)
        content = self._file.read()
        complete = content[: content.rfind(b'\n') + 1]
        first, *lines = complete.split(b'\n')
        if content and not (first or content).startswith(START[: len(first or content)]):
            raise ValueError(
                f"--jsonl: '{self.path}' does not hold answers of actionclip predict: give another "
                'file.'
            )
        if first:
            self._compare(_parse(first, 1, self.path), header)
        for number, line in enumerate(lines[:-1], 2):
            entry = _parse(line, number, self.path)
            self.answered[entry['video']] = 'error' not in entry
        os.ftruncate(self._file.fileno(), len(complete))
        if not first:
            self._write(header)

    def _compare(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        from ..features.store import difference

        parts = [
            {key: header[key] for key in header if key not in INFORMATIVE} for header in (old, new)
        ]
        found = difference(parts[0], parts[1])
        if found:
            raise ValueError(
                f"--jsonl: '{self.path}' holds answers of another call ({found}): give another "
                'file.'
            )

    def _write(self, content: dict[str, Any]) -> None:
        with name_errors(self.path):
            self._file.write(to_json(content, None).encode('utf-8', 'backslashreplace') + b'\n')
            self._file.flush()


def _parse(line: bytes, number: int, path: str) -> dict[str, Any]:
    try:
        content = json.loads(line.decode())
    except ValueError:
        content = None
    if not isinstance(content, dict) or (number > 1 and 'video' not in content):
        raise ValueError(f"--jsonl: line {number} of '{path}' is damaged: remove it.")
    return content
