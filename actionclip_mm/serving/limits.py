"""What a visitor of the page may ask for, and the sentences that refuse more."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..decoding import UnreadableVideo, read_index
from ..models.text import PRESETS

# choices next to the presets
OWN_TEMPLATES = 'my own'
MODEL_TEMPLATES = 'those of the model'
LONGEST_TEXT = 200  # characters of a label or template


@dataclass(frozen=True)
class Limits:
    """Limits of a page.

    Attributes:
        megabytes: Largest upload, in 2^20 bytes. Defaults to 200.
        seconds: Longest video. Defaults to 600.
        labels: Most labels of a question. Defaults to 200.
        templates: Most templates of a question. Defaults to 100.
        concurrency: Questions that are answered at once. Defaults to 1.
        queue: Questions that wait for their turn; further ones are refused. Defaults to 16.
        keep_minutes: Minutes after which an upload that was not asked about is deleted, and after
            which the frames of an answered one are forgotten. Defaults to 10.
    """

    megabytes: int = 200
    seconds: int = 600
    labels: int = 200
    templates: int = 100
    concurrency: int = 1
    queue: int = 16
    keep_minutes: int = 10

    @property
    def upload_bytes(self) -> int:
        """Size of the largest upload."""
        return self.megabytes * 2**20

    def read_labels(self, text: str) -> list[str]:
        """Labels of a text box, one per line; a single line may separate them by commas.

        Raises:
            ValueError: None, too many or too long ones.
        """
        lines = _lines(text)
        if len(lines) == 1:
            lines = _lines(lines[0].replace(',', '\n'))
        return _check('label', lines, self.labels)

    def read_templates(self, preset: str, text: str) -> str | list[str] | None:
        """The chosen preset, the templates of a text box (one per line), or None: the model's.

        Raises:
            ValueError: An unknown preset (never taken for a file), or bad templates.
        """
        if preset == MODEL_TEMPLATES:
            return None
        if preset != OWN_TEMPLATES:
            if preset not in PRESETS:
                raise ValueError(
                    f'Unknown preset {preset[:LONGEST_TEXT]!r}: choose one of the list.'
                )
            return preset
        templates = _check('template', _lines(text), self.templates)
        for template in templates:
            if template.count('{}') != 1:
                raise ValueError(f"Template '{template}' must contain {{}} once, for the label.")
        return templates

    def check_video(self, path: str) -> float | None:
        """Duration of a video in seconds; None if its frame rate is unknown.

        Raises:
            UnreadableVideo: Not a video, or one that is too long.
        """
        index = read_index(path)
        if not index.fps:
            return None
        seconds = len(index) / index.fps
        if seconds > self.seconds:
            raise UnreadableVideo(
                f'{path}: it lasts {seconds:.0f} s, at most {self.seconds} s are allowed'
            )
        return seconds


def _lines(text: str) -> list[str]:
    return [line for line in map(str.strip, text.splitlines()) if line]


def _check(kind: str, texts: Sequence[str], most: int) -> list[str]:
    if not texts:
        raise ValueError(f'Type at least one {kind}, one per line.')
    if len(texts) > most:
        raise ValueError(f'At most {most} {kind}s are allowed, got {len(texts)}.')
    for text in texts:
        if len(text) > LONGEST_TEXT:
            raise ValueError(
                f"A {kind} may have {LONGEST_TEXT} characters, '{text[:30]}…' has {len(text)}."
            )
    return list(texts)
