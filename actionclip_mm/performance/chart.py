"""Bar chart of speed-ups, as PNG bytes."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from .results import Result

BAR = 0.24  # inches of a bar
GAP = 0.8  # bars between two rows
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
    figure = Figure(figsize=(9, max(2.0, BAR * 2 * place + 1)), layout='constrained')
    axis = figure.add_subplot()
    below, above = [p + 0.2 for p in places], [p - 0.2 for p in places]
    bars = axis.barh(above, walls, 0.4, color=WALL, label='wall time')
    axis.bar_label(bars, [f'{value:.2f}x' for value in walls], padding=3, fontsize=8)
    axis.barh(below, cpus, 0.4, color=CPU, label='CPU time')
    axis.set_yticks(places, labels, fontsize=8)
    axis.set_xscale('log')
    axis.axvline(1, color='black', linewidth=0.8)
    values = [*walls, *cpus, 1.0]
    axis.set_xlim(min(values) / 1.3, max(values) * 1.6)
    ticks = [
        tick
        for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000)
        if tick <= max(values) * 1.6
    ]
    axis.set_xticks([t for t in ticks if t >= min(values) / 1.3], minor=False)
    axis.xaxis.set_major_formatter(lambda value, _: f'{value:g}x')
    axis.xaxis.set_minor_formatter(lambda value, _: '')
    axis.set(xlabel='speed-up over the first way of the row')
    axis.invert_yaxis()
    if labels:
        axis.legend(loc='lower right', fontsize=8)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
