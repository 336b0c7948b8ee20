"""Draw a frame: shapes with a colour and a texture over an uninformative background."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

SIZE = 64  # side of a frame in pixels
SHIFT = 4  # cv2 draws at 1/16 of a pixel
HUES = {'red': 0, 'yellow': 30, 'green': 60, 'blue': 115}  # of OpenCV's 180
MAX_TILT = 0.3  # radians; more would turn squares into diamonds


@dataclass
class Body:
    """One shape in one frame: position and radius in pixels, and appearance."""

    shape: str
    rgb: tuple[int, int, int]
    x: float
    y: float
    radius: float
    tilt: float = 0.0
    texture: str = 'plain'
    phase: float = 0.0  # where its stripes or dots start, in pixels


@dataclass
class Clutter:
    """Distractors of every colour that belong to no class."""

    background: np.ndarray  # [SIZE, SIZE, 3] float
    lines: list[tuple] = field(default_factory=list)  # (from, to, rgb)
    specks: list[tuple] = field(default_factory=list)  # (place, velocity per clip, radius, rgb)
    noise: float = 4.0


def draw_colour(rng: np.random.Generator, name: str) -> tuple[int, int, int]:
    """Draw a shade of a named colour."""
    hue = (HUES[name] + rng.uniform(-6, 6)) % 180
    hsv = np.array([[[hue, rng.uniform(170, 255), rng.uniform(170, 255)]]]).astype(np.uint8)
    red, green, blue = map(int, cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0])
    return red, green, blue


def scatter(rng: np.random.Generator, count: int, radius: float, apart: float) -> list[np.ndarray]:
    """Draw centres (pixels) inside the frame, more than ``apart`` radii from each other."""
    places: list[np.ndarray] = []
    while len(places) < count:
        place = rng.uniform(radius, SIZE - radius, 2)
        if all(np.hypot(*(place - other)) > apart * radius for other in places):
            places.append(place)
    return places


def draw_clutter(rng: np.random.Generator) -> Clutter:
    """Draw a soft background of any hue, with lines and specks in the subjects' colours."""
    low = rng.uniform(0, 1, (4, 4, 3)).astype(np.float32)
    grain = cv2.resize(low, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) - 0.5
    background = rng.uniform(30, 150, 3) + rng.uniform(10, 60) * grain
    lines = []
    for _ in range(rng.integers(0, 4)):
        ends = rng.uniform(0, SIZE, (2, 2))
        lines.append((ends[0], ends[1], draw_colour(rng, rng.choice(list(HUES)))))
    specks = []
    for _ in range(rng.integers(3, 9)):
        place, velocity = rng.uniform(0, SIZE, 2), rng.uniform(-24, 24, 2)
        rgb = draw_colour(rng, rng.choice(list(HUES)))
        specks.append((place, velocity, rng.uniform(1.5, 2.8), rgb))
    return Clutter(background, lines, specks, rng.uniform(2, 6))


def draw_frame(
    bodies: list[Body], clutter: Clutter, time: float, rng: np.random.Generator
) -> np.ndarray:
    """Render a frame.

    Args:
        bodies: The subjects, the first at the back.
        clutter: Background, lines and specks.
        time: 0 at the first frame of a clip, 1 at the last; specks move with it.
        rng: Source of the pixel noise.

    Returns:
        uint8 [SIZE, SIZE, 3], RGB.
    """
    canvas = np.clip(clutter.background, 0, 255).astype(np.uint8)
    for start, end, rgb in clutter.lines:
        cv2.line(canvas, _fixed(start), _fixed(end), rgb, 1, cv2.LINE_AA, SHIFT)
    for place, velocity, radius, rgb in clutter.specks:
        centre = (place + velocity * (time - 0.5)) % SIZE
        cv2.circle(canvas, _fixed(centre), int(radius * 2**SHIFT), rgb, -1, cv2.LINE_AA, SHIFT)
    for body in bodies:
        _draw_body(canvas, body)
    noisy = canvas + rng.normal(0, clutter.noise, canvas.shape).astype(np.float32)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _fixed(point: Sequence[float] | np.ndarray) -> tuple[int, int]:
    x, y = point
    return round(float(x) * 2**SHIFT), round(float(y) * 2**SHIFT)


def _draw_body(canvas: np.ndarray, body: Body) -> None:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    if body.shape == 'circle':
        radius = round(body.radius * 2**SHIFT)
        cv2.circle(mask, _fixed((body.x, body.y)), radius, 255, -1, cv2.LINE_AA, SHIFT)
    else:
        cv2.fillConvexPoly(mask, _corners(body), 255, cv2.LINE_AA, SHIFT)
    alpha = mask[..., None].astype(np.float32) / 255
    canvas[:] = (canvas * (1 - alpha) + _paint(body) * alpha).astype(np.uint8)


def _corners(body: Body) -> np.ndarray:
    """Corners of a square or triangle with about the area of a circle of that radius."""
    count, first, scale = (4, np.pi / 4, 1.25) if body.shape == 'square' else (3, -np.pi / 2, 1.4)
    angles = first + body.tilt + np.arange(count) * 2 * np.pi / count
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1) * body.radius * scale
    points += (body.x, body.y + (0.15 * body.radius if count == 3 else 0))
    return np.round(points * 2**SHIFT).astype(np.int32)


def _paint(body: Body) -> np.ndarray:
    """Colour of each pixel of a body, [SIZE, SIZE, 3] or [3]; textures are white."""
    rgb = np.array(body.rgb, np.float32)
    if body.texture == 'plain':
        return rgb
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    across = (x - body.x) * np.cos(body.tilt) + (y - body.y) * np.sin(body.tilt) + body.phase
    along = (y - body.y) * np.cos(body.tilt) - (x - body.x) * np.sin(body.tilt) + body.phase
    if body.texture == 'striped':
        white = (across % 8) < 3.5
    else:
        white = ((across % 9 - 4.5) ** 2 + (along % 9 - 4.5) ** 2) < 2.7**2
    return np.where(white[..., None], np.float32(245), rgb)
