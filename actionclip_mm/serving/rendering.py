"""HTML of answers. Every text of a visitor passes through :func:`escaped`."""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ..apis.prediction import NONE_OF_THESE, Prediction
from ..utils import printable

if TYPE_CHECKING:
    from ..apis.timeline import Segment

MOST_LABELS = 10  # bars
MOST_FRAMES = 16
FRAME_HEIGHT = 112  # pixels
COLOURS = ('#2563eb', '#d97706', '#059669', '#db2777', '#7c3aed', '#0891b2', '#65a30d', '#dc2626')
GREY = '#a1a1aa'


def render_problem(sentence: str) -> str:
    """One sentence about what went wrong."""
    return f'<div class="problem" role="alert">{escaped(sentence)}</div>'


def render_answer(
    answer: Prediction, sentences: Mapping[str, Sequence[str]], neutral: Sequence[str]
) -> str:
    """The answer about one video: best label, probabilities, frames, sentences.

    Args:
        answer: The prediction.
        sentences: Sentences of each label.
        neutral: Sentences of ``'none of these'``; empty if it was not asked for.
    """
    parts = [
        f'<div class="best"><span>{escaped(answer.label)}</span>'
        f'<b>{_score(answer.probability, answer.are_probabilities)}</b></div>',
        *(f'<p class="note">{escaped(note)}</p>' for note in answer.notes),
        _bars(answer),
        _frames(answer),
        _sentences(answer, sentences, neutral),
    ]
    return f'<div class="answer">{"".join(parts)}</div>'


def render_timeline(segments: Sequence['Segment'], duration: float) -> str:
    """A strip of coloured segments with their times, and a table of them."""
    names = list(dict.fromkeys(segment.label for segment in segments))
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}
    colours[NONE_OF_THESE] = GREY
    strip, rows = [], []
    for segment in segments:
        start, width = (100 * t / duration for t in (segment.start, segment.end - segment.start))
        span = f'{_clock(segment.start)} – {_clock(segment.end)}'
        tip = escaped(f'{segment.label}, {span}')
        strip.append(
            f'<i title="{tip}" style="left:{start:.3f}%;width:{width:.3f}%;'
            f'background:{colours[segment.label]}"></i>'
        )
        rows.append(
            f'<tr><td><i style="background:{colours[segment.label]}"></i>{escaped(segment.label)}'
            f'</td><td>{span}</td><td>{_score(segment.score, True)}</td></tr>'
        )
    return (
        f'<div class="timeline"><h3>Timeline</h3><div class="strip">{"".join(strip)}</div>'
        f'<div class="ends"><span>0:00</span><span>{_clock(duration)}</span></div>'
        f'<table>{"".join(rows)}</table></div>'
    )


def _bars(answer: Prediction) -> str:
    rows = [(label, score, False) for label, score in answer.top(MOST_LABELS)]
    if answer.none_of_these is not None:
        rows.append((NONE_OF_THESE, answer.none_of_these, True))
        rows.sort(key=lambda row: -row[1])
    items = []
    for rank, (label, score, neutral) in enumerate(rows):
        kind = 'none' if neutral else 'first' if rank == 0 else ''
        width = 100 * min(max(score, 0.0), 1.0)
        items.append(
            f'<div class="row {kind}"><span class="name" title="{escaped(label)}">{escaped(label)}'
            f'</span><span class="track"><i style="width:{width:.2f}%"></i></span>'
            f'<span class="score">{_score(score, answer.are_probabilities)}</span></div>'
        )
    more = len(answer.labels) - MOST_LABELS
    if more > 0:
        items.append(f'<p class="hint">and {more} more labels below these</p>')
    title = 'Probabilities' if answer.are_probabilities else 'Scores'
    return f'<h3>{title}</h3><div class="bars">{"".join(items)}</div>'


def _frames(answer: Prediction) -> str:
    """Frames that the model saw, each with its cosine with the best of the labels."""
    images, relevance = answer.images(), answer.frames
    if images is None:
        return ''
    best = answer.top(1)[0][0]
    cosines = None if relevance is None else relevance.cosines[:, answer.labels.index(best)]
    shown = np.linspace(0, len(images) - 1, min(len(images), MOST_FRAMES)).round().astype(int)
    strongest = None if cosines is None else int(cosines.argmax())
    if strongest is not None and strongest not in shown:
        shown[np.abs(shown - strongest).argmin()] = strongest
    items = []
    for index in map(int, shown):
        caption = f'frame {index + 1}'
        if relevance is not None and relevance.seconds is not None:
            caption = f'{relevance.seconds[index]:.2f} s'
        elif relevance is not None:
            caption = f'frame {relevance.indices[index]}'
        meter = ''
        if cosines is not None:
            height = 100 * _share(float(cosines[index]), cosines)
            meter = (
                f'<span class="meter"><i style="width:{height:.0f}%"></i></span>'
                f'<span class="cosine">{cosines[index]:.3f}</span>'
            )
        kind = ' class="strongest"' if index == strongest else ''
        items.append(
            f'<figure{kind}><img alt="{caption}" src="{_image(images[index])}">'
            f'<figcaption>{caption}</figcaption>{meter}</figure>'
        )
    title = 'Frames the model saw'
    if cosines is not None:
        title = f'Frames that mattered for “{escaped(best)}”'
        title += ' <small>cosine of each frame with the label</small>'
    return f'<h3>{title}</h3><div class="frames">{"".join(items)}</div>'


def _sentences(
    answer: Prediction, sentences: Mapping[str, Sequence[str]], neutral: Sequence[str]
) -> str:
    groups = [(label, sentences[label]) for label, _ in answer.top(MOST_LABELS)]
    if neutral:
        groups.append((NONE_OF_THESE, neutral))
    items = ''.join(
        f'<details{" open" if index == 0 else ""}><summary>{escaped(label)} '
        f'<small>{len(lines)} sentence{"s" * (len(lines) != 1)}</small></summary>'
        f'<ul>{"".join(f"<li>{escaped(line)}</li>" for line in lines)}</ul></details>'
        for index, (label, lines) in enumerate(groups)
    )
    return f'<h3>Sentences used</h3><div class="sentences">{items}</div>'


def _share(value: float, values: np.ndarray) -> float:
    """Where a value is between the least and the greatest; a bar of it is never empty."""
    low, high = float(values.min()), float(values.max())
    return 1.0 if high - low < 1e-6 else 0.08 + 0.92 * (value - low) / (high - low)


def _image(frame: np.ndarray) -> str:
    picture = Image.fromarray(frame)
    if picture.height > FRAME_HEIGHT:
        width = round(picture.width * FRAME_HEIGHT / picture.height)
        picture = picture.resize((width, FRAME_HEIGHT))
    buffer = io.BytesIO()
    picture.save(buffer, 'JPEG', quality=88)
    return 'data:image/jpeg;base64,' + base64.b64encode(buffer.getvalue()).decode()


def _score(value: float, is_probability: bool) -> str:
    return f'{100 * value:.1f} %' if is_probability else f'{value:.3f}'


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f'{minutes}:{rest:02d}'


def escaped(text: str) -> str:
    """Text of a visitor: shown as it is, never read as HTML."""
    return html.escape(printable(text), quote=True)
