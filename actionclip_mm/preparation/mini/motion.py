"""Render a clip of a class: positions of its shapes in each frame.

Only the first motion of an order pair is simulated; the second is the same clip reversed. Frames of
both have the same distribution, so a model that ignores their order cannot tell them apart.
"""

from typing import Any

import numpy as np

from .scene import MAX_TILT, SIZE, Body, draw_clutter, draw_colour, draw_frame, scatter
from .vocabulary import COUNTS, ORDER_PAIRS, TEXTURES, ActionClass

# With 8 frames mmaction2's UniformSample takes frames 1, 3, … 15 of 17 in testing. They are
# symmetric, so a clip and its reverse give the model the same frames.
NUM_FRAMES = 17

Track = list[tuple[float, float, float]]  # x, y and radius in each frame
Curve = float | np.ndarray  # one value, or one per frame


def render_clip(action: ActionClass, rng: np.random.Generator) -> np.ndarray:
    """Render a clip of a class, uint8 [NUM_FRAMES, SIZE, SIZE, 3]."""
    for first, second in ORDER_PAIRS:
        if action.kind in (first, second):
            frames = _render(action, _MOTIONS[first](rng), rng)
            return frames if action.kind == first else frames[::-1]
    return _render(action, _standing(rng, COUNTS.get(action.kind, 1)), rng)


def _render(action: ActionClass, paths: list[Track], rng: np.random.Generator) -> np.ndarray:
    clutter = draw_clutter(rng)
    texture = action.kind if action.kind in TEXTURES else 'plain'
    looks: list[dict[str, Any]] = [
        dict(
            shape=action.shape,
            rgb=draw_colour(rng, action.colour),
            tilt=rng.uniform(-MAX_TILT, MAX_TILT),
            texture=texture,
            phase=rng.uniform(0, 9),
        )
        for _ in paths
    ]
    frames = []
    for step in range(NUM_FRAMES):
        bodies = [
            Body(x=path[step][0], y=path[step][1], radius=path[step][2], **look)
            for path, look in zip(paths, looks, strict=True)
        ]
        frames.append(draw_frame(bodies, clutter, step / (NUM_FRAMES - 1), rng))
    return np.stack(frames)


def _progress(rng: np.random.Generator) -> np.ndarray:
    """0 to 1 over the clip, slowing down or speeding up."""
    return np.linspace(0, 1, NUM_FRAMES) ** np.exp(rng.uniform(-0.4, 0.4))


def _wobble(rng: np.random.Generator, size: float) -> np.ndarray:
    """A small sway, [2, NUM_FRAMES] pixels."""
    time = np.linspace(0, 2 * np.pi, NUM_FRAMES)
    speed, start = rng.uniform(0.5, 2, (2, 1)), rng.uniform(0, 2 * np.pi, (2, 1))
    return size * np.sin(speed * time + start)


def _path(x: Curve, y: Curve, radius: Curve) -> Track:
    x, y, radius = (np.broadcast_to(value, (NUM_FRAMES,)) for value in (x, y, radius))
    return list(zip(x, y, radius, strict=True))


def _sliding(rng: np.random.Generator, axis: int) -> list[Track]:
    """Moving left (axis 0) or up (axis 1)."""
    radius = rng.uniform(8, 13)
    low, high = radius, SIZE - radius
    distance = rng.uniform(0.5, 1) * (high - low)
    end = rng.uniform(low, high - distance)
    place = _wobble(rng, 1.5)
    place[axis] += end + distance * (1 - _progress(rng))
    place[1 - axis] += rng.uniform(low, high)
    return [_path(place[0], place[1], radius)]


def _growing(rng: np.random.Generator) -> list[Track]:
    small = rng.uniform(5.5, 8.5)
    large = small * rng.uniform(1.9, 2.6)
    x, y = rng.uniform(large, SIZE - large, (2, 1)) + _wobble(rng, 1.5)
    return [_path(x, y, small + (large - small) * _progress(rng))]


def _meeting(rng: np.random.Generator) -> list[Track]:
    """Two shapes coming together along a line of any direction."""
    radius = rng.uniform(6.5, 8.5)
    near, far = radius * rng.uniform(1.0, 1.15), rng.uniform(21, 26)
    angle = rng.uniform(0, 2 * np.pi)
    half = far + (near - far) * _progress(rng)
    reach = abs(np.array([np.cos(angle), np.sin(angle)])) * far + radius
    room = np.maximum(SIZE / 2 - reach, 0)
    x, y = SIZE / 2 + rng.uniform(-room, room)[:, None] + _wobble(rng, 1)
    ends = np.array([np.cos(angle), np.sin(angle)])
    return [_path(x + side * half * ends[0], y + side * half * ends[1], radius) for side in (-1, 1)]


def _standing(rng: np.random.Generator, count: int) -> list[Track]:
    """Shapes that sway in place, apart from each other."""
    radius = rng.uniform(9, 16) if count == 1 else rng.uniform(6.5, 8.5)
    places = scatter(rng, count, radius, apart=2.5)
    swaying = [place[:, None] + _wobble(rng, 1.5) for place in places]
    return [_path(x, y, radius) for x, y in swaying]


_MOTIONS = {
    'moving left': lambda rng: _sliding(rng, 0),
    'moving up': lambda rng: _sliding(rng, 1),
    'growing': _growing,
    'coming together': _meeting,
}
