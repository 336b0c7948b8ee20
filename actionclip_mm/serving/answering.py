"""From what a visitor typed to the HTML of the answer."""

import os
import traceback

from ..apis import ActionCLIPInferencer
from ..apis.matching import NEUTRAL_SENTENCES
from ..apis.video_reading import VideoError
from ..decoding import UnreadableVideo
from ..models.text import fill_prompts, read_prompts
from .limits import Limits
from .rendering import render_answer, render_problem, render_timeline
from .uploads import RecentClips, Uploads

LONG = 20.0  # seconds from which a video gets a timeline
SHORTEST = 2.0  # seconds of a segment of it


class Answerer:
    """Answers questions of the page; safe to share between threads.

    Args:
        inferencer: The model. Its reader is replaced by one that remembers frames.
        limits: What may be asked.
        uploads: Where the videos are.

    Attributes:
        allows_none: Whether the scores are probabilities that neutral sentences can compete for.

    Raises:
        ValueError: A model with fixed classes.
    """

    def __init__(
        self,
        inferencer: ActionCLIPInferencer,
        limits: Limits,
        uploads: Uploads,
    ) -> None:
        head = inferencer.model.cls_head
        if not hasattr(head, 'label_encoder'):
            raise ValueError(f'The page needs a VideoTextHead: {type(head).__name__} has no texts.')
        self.inferencer, self.limits, self.uploads = inferencer, limits, uploads
        self.allows_none = head.scores == 'softmax'
        self.recent = RecentClips(inferencer.read, 60 * limits.keep_minutes)
        inferencer.read = self.recent  # type: ignore[assignment]

    def __call__(
        self,
        video: str | None,
        labels: str,
        preset: str,
        templates: str,
        none_of_these: bool,
    ) -> str:
        """HTML of the answer, or of one sentence that says what is wrong.

        The upload is deleted once it was read; with wrong labels it stays for the next try.

        Args:
            video: Path of an upload or a sample.
            labels: Text with one label per line.
            preset: Name of a preset of templates, ``'my own'`` or ``'those of the model'``.
            templates: Text with one template per line, for ``'my own'``.
            none_of_these: Whether neutral sentences compete.
        """
        try:
            if not video:
                raise ValueError('Choose a video: upload one or pick an example.')
            asked = self.limits.read_labels(labels), self.limits.read_templates(preset, templates)
            if video not in self.recent and not self.uploads.contains(video):
                raise ValueError('This upload was deleted: choose the file again.')
            return self._answer(video, *asked, none_of_these)
        except (VideoError, UnreadableVideo) as error:
            self.uploads.delete(video or '')
            return render_problem(_without_folder(str(error), video or ''))
        except (ValueError, TypeError) as error:
            return render_problem(_without_folder(str(error), video or ''))
        except Exception:
            traceback.print_exc()
            self.uploads.delete(video or '')
            return render_problem('The server failed on this question: see its log.')

    def _answer(
        self, video: str, labels: list[str], templates: str | list[str] | None, none_of_these: bool
    ) -> str:
        there = self.uploads.contains(video)
        duration = self.limits.check_video(video) if there else None
        answer = self.inferencer(video, labels, templates, none_of_these=none_of_these)
        assert not isinstance(answer, list)
        own = self.inferencer.model.cls_head.label_encoder.prompts
        prompts = own if templates is None else read_prompts(templates)
        # label names are split into words first, as the model reads them
        sentences = dict(zip(answer.labels, fill_prompts(answer.labels, prompts), strict=True))
        neutral = NEUTRAL_SENTENCES if answer.none_of_these is not None else ()
        html = render_answer(answer, sentences, neutral)
        if duration is not None and duration > LONG:
            timeline = self.inferencer.timeline(
                video, labels, templates, min_seconds=SHORTEST, none_of_these=none_of_these
            )
            html += render_timeline(timeline.segments, duration)
        self.uploads.delete(video)
        return html


def _without_folder(message: str, video: str) -> str:
    """A message that names the file but not the server's folders."""
    name = os.path.basename(video)
    for path in (video, os.path.abspath(video), os.path.realpath(video)):
        message = message.replace(path, name) if name else message
    return message
