"""What is trained, how long and with which augmentation, from the size of the data."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# fewer training clips: the recipe for small data
SMALL_DATA = 1000
SAVE_STEPS = 100  # between checkpoints, at least
STEPS = 300  # that a training has at least, within the limits of epochs
SMALL_EPOCHS, FULL_EPOCHS = (5, 20), (10, 50)  # fewest and most
RARELY = 0.05  # share of batches of a single class from which on all class texts are compared

NECKS = {
    'transf': 'TransfPrompt',
    'transf_cls': 'TransfClsPrompt',
    'conv1d': 'Conv1DPrompt',
    'lstm': 'LSTMPrompt',
    'mean_p': 'MeanPPrompt',
}
# a horizontal flip, or a change of colour, would make another class of these
DIRECTIONS = frozenset((
    'left', 'right', 'leftward', 'rightward', 'leftwards', 'rightwards',
    'clockwise', 'counterclockwise', 'anticlockwise',
))  # fmt: skip
COLOURS = frozenset((
    'red', 'green', 'blue', 'yellow', 'orange', 'purple', 'pink', 'brown', 'black', 'white',
    'grey', 'gray', 'violet', 'cyan',
))  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """How a model is fine-tuned.

    Attributes:
        small: Whether it is the recipe for small data: frozen text tower, a visual prompt that
            starts as the mean of the frames, few epochs.
        batch_size: Videos per step; the last batch of an epoch is at most one smaller.
        epochs: Passes over the training clips.
        steps: Steps per epoch.
        warmup: Epochs of linear warm-up, a whole number.
        lr: Learning rate of the towers; new modules have ten times as much.
        dropped: Augmentations left out -> the class name that is the reason.
        all_texts: Whether each step compares with the texts of all classes, as batches of a
            single class would be frequent.
    """

    small: bool
    batch_size: int
    epochs: int
    steps: int
    warmup: int
    lr: float
    dropped: dict[str, str]
    all_texts: bool

    @property
    def save_every(self) -> int:
        """Epochs between checkpoints for --resume: at most a tenth, and some hundred steps."""
        return max(1, min(self.epochs // 10, SAVE_STEPS // self.steps))


def choose_recipe(
    train_counts: Sequence[int],
    labels: Sequence[str],
    small: bool | None,
    batch_size: int,
    epochs: int | None,
    lr: float,
) -> Recipe:
    """The recipe for some data.

    Args:
        train_counts: Training clips of each class.
        labels: Class names in words.
        small: Whether the recipe for small data is wanted; None decides by the number of clips.
        batch_size: Largest number of videos per step.
        epochs: Wanted epochs, or None.
        lr: Learning rate of the towers.
    """
    clips = sum(train_counts)
    if small is None:
        small = clips < SMALL_DATA
    steps = math.ceil(clips / batch_size)
    batch = math.ceil(clips / steps)  # batches of nearly equal size
    if epochs is None:
        fewest, most = SMALL_EPOCHS if small else FULL_EPOCHS
        epochs = min(max(fewest, math.ceil(STEPS / steps)), most)
    alike = sum((count / clips) ** batch for count in train_counts)
    return Recipe(
        small=small,
        batch_size=batch,
        epochs=epochs,
        steps=math.ceil(clips / batch),
        warmup=math.ceil(0.1 * epochs) if epochs > 1 else 0,
        lr=lr,
        dropped=changing_labels(labels),
        all_texts=batch == 1 or alike > RARELY or clips % batch == 1,
    )


def changing_labels(labels: Sequence[str]) -> dict[str, str]:
    """Augmentations that would change what a class name says -> such a name."""
    found: dict[str, str] = {}
    for label in labels:
        words = set(label.lower().replace('-', ' ').split())
        if words & DIRECTIONS:
            found.setdefault('Flip', label)
        if words & COLOURS:
            found.setdefault('ColorJitter', label)
            found.setdefault('RandomGrayscale', label)
    return found


def pipelines(
    train: list[dict[str, Any]],
    recipe: Recipe,
    frames: int,
    size: tuple[int, int],
    resizing: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Training and test pipelines for an image tower.

    Args:
        train: Training pipeline of ``_base_/datasets/clip_video.py``.
        recipe: Tells which augmentations are left out.
        frames: T, frames per clip.
        size: Height and width that the tower takes.
        resizing: Transforms that bring frames of the test to that size.
    """
    height, width = size
    square = width if width == height else (width, height)
    test: list[dict[str, Any]] = [
        dict(type='VideoInit'),
        dict(type='SegmentCentreSample', clip_len=frames),
        dict(type='VideoDecode'),
        *resizing,
        dict(type='FormatShape', input_format='NCTHW'),
        dict(type='PackActionInputs'),
    ]
    new = []
    for step in train:
        inner = step.get('transforms') or [{}]
        ops = {step['type'], step.get('op'), inner[0].get('op')}
        # the released recipe for fine-tuning on UCF101 and HMDB51 has no RandAugment
        if ops & {'RandAugment', *recipe.dropped}:
            continue
        if step['type'] == 'SegmentRandomSample':
            step = step | dict(clip_len=frames)
        elif step['type'] == 'MultiScaleCrop':
            step = step | dict(input_size=square)
        elif step['type'] == 'CLIPResize' and step['scale'][0] == -1:
            step = step | dict(scale=(-1, max(size) * 256 // 224))
        elif step['type'] == 'CLIPResize':
            step = step | dict(scale=(width, height))
        new.append(step)
    return new, test
