"""Draw docs/concepts.png: frames of a shipped clip through the parts of ActionCLIP.

python docs/_figures/concepts.py docs/concepts.png
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from actionclip_mm.decoding import Video

CLIP = Path(__file__).resolve().parents[2] / 'data/mini_clip/samples/three_blue_triangles.mp4'
VISION, TEXT, MATCH, INK = '#dbe9f6', '#fde6cf', '#e2f0d9', '#222222'
CLASSES = ('three red circles', 'three blue triangles', 'four green squares')
LENGTHS = (0.1, 0.9, 0.08)  # of the bars: an illustration, not a result


def box(axes, x: float, y: float, width: float, title: str, lines: str, colour: str) -> None:
    """A rounded box with a title and smaller lines."""
    style = 'round,pad=0.02,rounding_size=0.12'
    patch = FancyBboxPatch((x, y), width, 1.3, boxstyle=style, fc=colour, ec=INK, lw=0.8)
    axes.add_patch(patch)
    axes.text(x + width / 2, y + 0.98, title, ha='center', va='center', weight='bold', fontsize=9.5)
    axes.text(x + width / 2, y + 0.42, lines, ha='center', va='center', fontsize=7.5, color=INK)


def arrow(axes, start: tuple, end: tuple, text: str = '', shift: float = 0.16) -> None:
    """An arrow with the shape that flows along it."""
    axes.annotate('', xy=end, xytext=start, arrowprops=dict(arrowstyle='-|>', color=INK, lw=1.1))
    middle = (np.array(start) + end) / 2
    axes.text(middle[0], middle[1] + shift, text, ha='center', va='bottom', fontsize=7.5)


def draw() -> Figure:
    """The figure, 11 x 4 inches."""
    figure = Figure(figsize=(11, 4.1))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 14.6), ylim=(0.15, 5.55))
    axes.axis('off')
    video = Video(str(CLIP))
    numbers = np.linspace(0, len(video.index) - 1, 4).astype(int)
    for place, frame in enumerate(video.read(numbers)):
        left, low = 0.3 + 0.16 * place, 3.95 - 0.22 * place
        axes.imshow(frame, extent=(left, left + 1.3, low, low + 1.3), zorder=2 + place)
        frame_of = Rectangle((left, low), 1.3, 1.3, fill=False, ec='white', zorder=2.5 + place)
        axes.add_patch(frame_of)
    axes.set_aspect('auto')
    axes.text(1.2, 2.95, 'T frames of a video', ha='center', fontsize=8.5)
    axes.text(1.2, 2.65, '[B, 3, T, H, W]', ha='center', fontsize=7.5)
    box(axes, 3.0, 3.55, 2.5, 'image tower', "CLIP's, open_clip\nJoint · Shift work here", VISION)
    box(axes, 6.9, 3.55, 2.7, 'visual prompt', 'MeanP · Conv1D · LSTM\nTransf · Transf_cls', VISION)
    for row, name in enumerate(CLASSES):
        axes.text(0.3, 1.75 - 0.42 * row, f'“a video of {name}”', fontsize=8, style='italic')
    axes.text(1.6, 0.42, 'P templates x C class names', ha='center', fontsize=8.5)
    box(axes, 5.0, 0.7, 2.7, 'text tower', 'TextPromptLabelEncoder\nencodes each sentence', TEXT)
    box(axes, 10.0, 2.1, 1.9, 'matching', 'VideoTextHead\nscale · cosine', MATCH)
    arrow(axes, (2.25, 4.2), (2.95, 4.2))
    arrow(axes, (5.55, 4.2), (6.85, 4.2), '[B, T, D]')
    arrow(axes, (9.65, 4.2), (10.6, 3.5), '   [B, D]', 0.1)
    arrow(axes, (3.5, 1.35), (4.95, 1.35))
    arrow(axes, (7.75, 1.35), (10.0, 2.3), '[P, C, D]  ', 0.14)
    arrow(axes, (11.95, 2.75), (12.5, 2.75))
    for row, (name, length) in enumerate(zip(CLASSES, LENGTHS, strict=True)):
        y = 3.35 - 0.62 * row
        colour = 'C0' if row == 1 else '#bbbbbb'
        axes.barh(y - 0.12, 1.5 * length, left=12.6, height=0.2, color=colour)
        axes.text(12.6, y + 0.06, name, fontsize=7.5, weight='bold' if row == 1 else 'normal')
    axes.text(13.4, 3.95, 'scores [N, C]', ha='center', fontsize=8.5)
    both = 'train: KL over the batch\ntest: softmax, mean over\ntemplates and views'
    axes.text(10.95, 1.75, both, ha='center', va='top', fontsize=7.5)
    return figure


if __name__ == '__main__':
    draw().savefig(sys.argv[1], dpi=130)
