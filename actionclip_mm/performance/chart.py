"""Bar chart of speed-ups, as PNG bytes."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from .results import Result

BAR = 0.24  # inches of a bar
GAP = 0.5  # bars between two rows
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000, 10_000)
WALL, CPU = '#2b6cb0', '#a0aec0'


def draw_speedups(results: Sequence['Result']) -> bytes:
    """Speed-ups of each row over its first way, wall and CPU time, on a logarithmic axis."""
    labels: list[str] = []
    places: list[float] = []
    walls: list[float] = []
    cpus: list[float] = []
    place = 0.0
    for result in results:
        for timing in result.timings[1:]:
            labels.append(f'{result.name}: {timing.name}')
            walls.append(timing.speedup)
            cpus.append(timing.cpu_speedup)
            places.append(place)
            place += 1
        place += GAP if result.timings else 0
    figure = Figure(figsize=(9, max(2.0, BAR * place + 1)), layout='constrained')
    axis = figure.add_subplot()
    axis.set_xscale('log')
    for shift, values, color, label in (
        (-0.2, walls, WALL, 'wall time'),
        (0.2, cpus, CPU, 'CPU time'),
    ):
        heights = [place + shift for place in places]
        axis.barh(heights, [v - 1 for v in values], 0.4, left=1, color=color, label=label)
    for place, value in zip(places, walls, strict=True):
        axis.text(
            max(value, 1) * 1.05,
            place - 0.2,
            f'{value:.{0 if value >= 100 else 2}f}x',
            fontsize=7,
            va='center',
        )
    axis.set_yticks(places, labels, fontsize=8)
    axis.axvline(1, color='black', linewidth=0.8)
    low, high = min([*walls, *cpus, 1.0]) / 1.3, max([*walls, *cpus, 1.0]) * 3
    axis.set_xlim(low, high)
    axis.set_ylim(max(places, default=0) + 1, -1)
    axis.set_xticks([tick for tick in TICKS if low <= tick <= high])
    axis.xaxis.set_major_formatter(lambda value, _: f'{value:g}x')
    axis.xaxis.set_minor_formatter(lambda value, _: '')
    axis.set(xlabel='speed-up over the first way of the row')
    if labels:
        axis.legend(loc='upper right', fontsize=8)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
