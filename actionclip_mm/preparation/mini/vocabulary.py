"""Classes of the mini benchmark: seen, unseen and mirrored ones, and their label files.

A class name is a subject and a motion ('red circle moving left'), or a subject with a count or
a texture ('three red circles', 'striped red circle'). Every word of an unseen name occurs in seen
names, but never in that combination.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

COLOURS = ('red', 'green', 'blue', 'yellow')
SHAPES = ('circle', 'square', 'triangle')
SUBJECTS = tuple((colour, shape) for colour in COLOURS for shape in SHAPES)

# Each pair is a motion and its reverse.
ORDER_PAIRS = (
    ('moving left', 'moving right'),
    ('moving up', 'moving down'),
    ('growing', 'shrinking'),
    ('coming together', 'drifting apart'),
)
TWO_SHAPES = ORDER_PAIRS[3]  # these motions have two subjects
COUNTS = {'three': 3, 'four': 4}
TEXTURES = ('striped', 'dotted')


@dataclass(frozen=True)
class ActionClass:
    """A class: its name and parameters of the renderer.

    Attributes:
        name: The label text.
        colour: One of ``COLOURS``.
        shape: One of ``SHAPES``.
        kind: A motion of ``ORDER_PAIRS``, a key of ``COUNTS`` or a member of ``TEXTURES``.
    """

    name: str
    colour: str
    shape: str
    kind: str

    @property
    def is_ordered(self) -> bool:
        """Whether only frame order distinguishes this class from its mirror."""
        return any(self.kind in pair for pair in ORDER_PAIRS)

    @property
    def attributes(self) -> tuple[str, str, str]:
        """Labels of a clip in the multi-label list."""
        return self.colour, self.shape, self.kind


def make_class(colour: str, shape: str, kind: str) -> ActionClass:
    """Build the class of a subject and a kind."""
    if kind in COUNTS:
        name = f'{kind} {colour} {shape}s'
    elif kind in TEXTURES:
        name = f'{kind} {colour} {shape}'
    elif kind in TWO_SHAPES:
        name = f'two {colour} {shape}s {kind}'
    else:
        name = f'{colour} {shape} {kind}'
    return ActionClass(name, colour, shape, kind)


def seen_and_unseen() -> tuple[list[ActionClass], list[ActionClass]]:
    """Seen and unseen classes, in label order.

    A chessboard over colours and shapes, shifted from kind to kind, selects the seen subjects, so
    every colour and shape is seen with every other word of a name; the rest is unseen.
    """
    seen, unseen = [], []
    for turn, kinds in enumerate([*ORDER_PAIRS, *((kind,) for kind in (*COUNTS, *TEXTURES))]):
        is_order = len(kinds) == 2
        white = [s for i, s in enumerate(SUBJECTS) if (i // 3 + i % 3 + turn) % 2 == 0]
        black = [s for s in SUBJECTS if s not in white]
        # static kinds have fewer subjects, in turn, so that they do not outnumber the motions
        known = white if is_order else white[turn % 2 :: 2]
        new = black[turn % 2 :: 2] if is_order else black[turn % 6 : turn % 6 + 1]
        for kind in kinds:
            seen += [make_class(*subject, kind) for subject in known]
            unseen += [make_class(*subject, kind) for subject in new]
    return seen, unseen


def mirror_of(action: ActionClass) -> ActionClass | None:
    """Class of the reversed clip, None for a static class."""
    for first, second in ORDER_PAIRS:
        if action.kind in (first, second):
            other = second if action.kind == first else first
            return make_class(action.colour, action.shape, other)
    return None


def attribute_names() -> list[str]:
    """Labels of the multi-label list, in label order."""
    motions = [kind for pair in ORDER_PAIRS for kind in pair]
    return [*COLOURS, *SHAPES, *motions, *COUNTS, *TEXTURES]


def write_labels(root: Path, seen: list[ActionClass], unseen: list[ActionClass]) -> None:
    """Write class names, one per line, and order pairs, two class ids per line."""
    firsts = [first for first, _ in ORDER_PAIRS]
    for split, classes in (('seen', seen), ('unseen', unseen)):
        names = [action.name for action in classes]
        _write(root / f'labels_{split}.txt', names)
        pairs = [(action, mirror_of(action)) for action in classes if action.kind in firsts]
        lines = [f'{names.index(a.name)} {names.index(b.name)}' for a, b in pairs if b is not None]
        _write(root / f'order_pairs_{split}.txt', lines)
    _write(root / 'labels_attributes.txt', attribute_names())


def write_annotations(root: Path, split: str, clips: Sequence, classes: list[ActionClass]) -> None:
    """Write the single-label and multi-label lists of a split.

    Args:
        root: Folder of the data set.
        split: Name of the split.
        clips: Pairs of a path and its class.
        classes: The classes in label order.
    """
    labels = {action.name: index for index, action in enumerate(classes)}
    lines = [f'{path} {labels[action.name]}' for path, action in clips]
    _write(root / f'{split}.txt', lines)
    attributes = {name: index for index, name in enumerate(attribute_names())}
    _write(
        root / f'{split}_multilabel.txt',
        [
            ' '.join([path, *(str(attributes[word]) for word in action.attributes)])
            for path, action in clips
        ],
    )


def _write(path: Path, lines: list[str]) -> None:
    path.write_text('\n'.join(lines) + '\n')
