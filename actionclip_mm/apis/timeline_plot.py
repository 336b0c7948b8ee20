"""Draw a timeline: segments as coloured bars, scores of their labels as curves."""

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from ..utils import printable
from .prediction import NONE_OF_THESE

if TYPE_CHECKING:
    from .timeline import Timeline

MOST_CURVES = 10  # labels with a colour, those that last longest
OTHERS, NOTHING = '0.75', '0.93'  # greys


def draw_timeline(timeline: 'Timeline') -> Figure:
    """A figure of two rows: segments with their names, and scores over time."""
    lengths: dict[str, float] = {}
    for segment in timeline.segments:
        if segment.label != NONE_OF_THESE:
            length = segment.end - segment.start
            lengths[segment.label] = lengths.get(segment.label, 0.0) + length
    shown = sorted(lengths, key=lambda label: -lengths[label])[:MOST_CURVES]
    palette = colormaps['tab10']
    colours: dict[str, Any] = {label: palette(index % 10) for index, label in enumerate(shown)}
    colours[NONE_OF_THESE] = NOTHING
    minutes = timeline.seconds > 180
    unit = 60.0 if minutes else 1.0

    figure = Figure(figsize=(11, 3.6), layout='constrained')
    figure.suptitle(_short(timeline.video, 90), fontsize=10)
    bars, curves = figure.subplots(2, 1, sharex=True, height_ratios=[1, 2.2])
    for segment in timeline.segments:
        start, length = segment.start / unit, (segment.end - segment.start) / unit
        colour = colours.get(segment.label, OTHERS)
        bars.barh(0, length, left=start, height=0.9, color=colour, edgecolor='white', linewidth=0.6)
        wide = length > 0.013 * len(_short(segment.label, 18)) * timeline.seconds / unit
        if wide and segment.label != NONE_OF_THESE:
            centre = start + length / 2
            bars.text(centre, 0, _short(segment.label, 18), ha='center', va='center', fontsize=7)
    bars.set_yticks([])
    bars.set_ylim(-0.55, 0.55)
    times = [(w.start + w.end) / 2 / unit for w in timeline.windows]
    scores = np.stack([w.scores for w in timeline.windows])  # [W, C or C + 1]
    for label in shown:
        column = timeline.labels.index(label)
        curves.plot(times, scores[:, column], color=colours[label], label=_short(label, 30))
    if scores.shape[1] > len(timeline.labels):
        curves.plot(times, scores[:, -1], color='0.5', linestyle=':', label=NONE_OF_THESE)
    curves.set_xlim(0, timeline.seconds / unit)
    curves.set_xlabel('minutes' if minutes else 'seconds', fontsize=8)
    curves.set_ylabel('probability' if timeline.are_probabilities else 'similarity', fontsize=8)
    if timeline.are_probabilities:
        curves.set_ylim(0, 1.02)
    for axis in (bars, curves):
        axis.tick_params(labelsize=7)
    if shown or scores.shape[1] > len(timeline.labels):
        curves.legend(fontsize=7, loc='center left', bbox_to_anchor=(1.0, 0.5), frameon=False)
    return figure


def _short(name: str, most: int) -> str:
    name = printable(name)
    name = name if len(name) <= most else f'{name[: most - 1]}…'
    return name.replace('$', r'\$')
