"""Still images with captions for pre-training the mini CLIP.

Each image has full captions and captions of a single attribute: with full captions only,
contrastive training from scratch stays on a plateau. Captions name position and size, so that frame
features carry what temporal order is inferred from; none names a motion.
"""

from typing import Any

import numpy as np

from .scene import MAX_TILT, SIZE, Body, draw_clutter, draw_colour, draw_frame, scatter
from .vocabulary import COLOURS, SHAPES, SUBJECTS

COLUMNS = ('at the far left', 'on the left', 'in the middle', 'on the right', 'at the far right')
ROWS = ('at the very top', 'in the upper part', 'half way up', 'in the lower part', 'at the bottom')
SIZES = ('tiny', 'small', 'medium', 'large', 'huge')
SIZE_LIMITS = (7.5, 10, 13, 16.5)  # radius in pixels; between them the words of SIZES
GAPS = ('touching', 'close to each other', 'some way apart', 'far apart')
GAP_LIMITS = (2.5, 4.0, 5.5)  # distance of two centres in radii
COUNT_WORDS = ('one', 'two', 'three', 'four')
TEXTURES = ('plain', 'striped', 'dotted')


def render_still(rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """Render a random image, uint8 [SIZE, SIZE, 3], with all its captions."""
    colour, shape = SUBJECTS[rng.integers(len(SUBJECTS))]
    count = int(rng.choice(4, p=(0.55, 0.25, 0.1, 0.1))) + 1
    texture = str(rng.choice(TEXTURES, p=(0.7, 0.15, 0.15)))
    radius = rng.uniform(5.5, 20) if count == 1 else rng.uniform(6, 8.5)
    places = _places(rng, count, radius)
    looks: dict[str, Any] = dict(shape=shape, radius=radius, texture=texture)
    bodies = [
        Body(
            x=x,
            y=y,
            rgb=draw_colour(rng, colour),
            tilt=rng.uniform(-MAX_TILT, MAX_TILT),
            phase=rng.uniform(0, 9),
            **looks,
        )
        for x, y in places
    ]
    image = draw_frame(bodies, draw_clutter(rng), rng.uniform(), rng)
    return image, captions(colour, shape, texture, radius, places)


def captions(
    colour: str, shape: str, texture: str, radius: float, places: list[np.ndarray]
) -> list[str]:
    """Captions of an image, the subject first; a pair's gap counts as an attribute.

    Shape and position are hard to learn, so they are repeated and drawn more often.
    """
    count = COUNT_WORDS[len(places) - 1]
    pattern = '' if texture == 'plain' else f'{texture} '
    x, y = np.mean(places, axis=0)
    column, row = COLUMNS[_fifth(x)], ROWS[_fifth(y)]
    single = len(places) == 1
    subject = f'{pattern}{colour} {shape}' if single else f'{count} {pattern}{colour} {shape}s'
    said = [subject, colour, shape if single else f'{shape}s', texture, f'{count} in all']
    if single:
        size = SIZES[int(np.searchsorted(SIZE_LIMITS, radius))]
        said += [f'{size} {subject}', f'{subject} {column}', f'{subject} {row}']
        said += [f'{size} {subject} {column} {row}', f'{shape} {column} {row}', size]
        said += [shape, column, row, column, row, f'{column} {row}', f'{column} {row}']
    if len(places) == 2:
        distance = np.hypot(*(places[0] - places[1])) / radius
        gap = GAPS[int(np.searchsorted(GAP_LIMITS, distance))]
        said += [f'{subject} {gap}', gap, column, row]
    return said


def attribute_captions() -> list[str]:
    """All captions of a single attribute, the classes of a test on stills."""
    shapes = [*SHAPES, *(f'{shape}s' for shape in SHAPES)]
    counts = [f'{word} in all' for word in COUNT_WORDS]
    return [*COLOURS, *shapes, *TEXTURES, *counts, *SIZES, *COLUMNS, *ROWS, *GAPS]


def _fifth(value: float) -> int:
    """Index of the strip (of five) of a coordinate; the outer strips are wider."""
    return int(np.searchsorted(np.array((0.26, 0.42, 0.58, 0.74)) * SIZE, value))


def _places(rng: np.random.Generator, count: int, radius: float) -> list[np.ndarray]:
    """Centres of shapes that hardly overlap; distances of pairs are uniform."""
    if count == 2:
        half = rng.uniform(1.0, 3.6) * radius
        half = min(half, SIZE / 2 - radius)
        angle = rng.uniform(0, 2 * np.pi)
        offset = half * np.array([np.cos(angle), np.sin(angle)])
        room = np.maximum(SIZE / 2 - radius - abs(offset), 0)
        centre = SIZE / 2 + rng.uniform(-room, room)
        return [centre - offset, centre + offset]
    return scatter(rng, count, radius, apart=2.4)
