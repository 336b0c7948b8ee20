"""Sections on errors: confusions, close class texts, worst videos, calibration."""

from collections.abc import Sequence

import numpy as np

from ..decoding import UnreadableVideo
from ..evaluation import auroc, expected_calibration_error
from ..evaluation.calibration import confidences, reliability
from ..evaluation.confusion import (
    choose_classes,
    count_confusions,
    most_confused,
)
from .figures import (
    FRAME,
    draw_confusions,
    draw_reliability,
    draw_strips,
    drawn_name,
)
from .page import Picture, Section, Table
from .scores import Calibration, Scored
from .strips import frame_strip

MOST_CLASSES = 40  # classes in the confusion matrix
PAIRS = 15  # rows of the tables of pairs
CLOSE = 20  # one pair of texts in so many is close
WORST = 8  # videos with a frame strip
FEW = 50  # videos, below which calibration says little


def confusion_section(scored: Scored) -> Section:
    """Confusion matrix and the most confused pairs, with the similarity of their texts."""
    names = scored.found.classes
    matrix = count_confusions(scored.found.scores, scored.found.labels)
    pairs = most_confused(matrix)
    section = Section('Confusions')
    if not pairs:
        section.parts.append('No video was misclassified.')
    chosen = choose_classes(matrix, MOST_CLASSES)
    if len(chosen):
        part = matrix[np.ix_(chosen, chosen)]
        others, caption = None, 'Confusion matrix: number of videos, colour by share of the class'
        if len(chosen) < len(matrix):
            others = matrix[chosen].sum(axis=1) - part.sum(axis=1)
            caption = f'The {len(chosen)} most confused of {len(matrix)} classes: number of videos'
        drawn = [drawn_name(names[index], index) for index in chosen.tolist()]
        section.parts.append(Picture('confusions', caption, draw_confusions(part, drawn, others)))
    if pairs:
        similar = None if scored.texts is None else _TextPairs(scored.texts)
        head = ['class', 'predicted as', 'videos', 'share of the class']
        head += [] if similar is None else ['cosine of the texts', 'rank of the text pair']
        rows = []
        for pair in pairs[:PAIRS]:
            row = [names[pair.truth], names[pair.predicted], str(pair.videos), f'{pair.share:.0%}']
            if similar is not None:
                rank = f'{similar.rank(pair[:2])} of {len(similar.values)}'
                row += [similar.cosine(pair[:2]), rank]
            rows.append(row)
        section.parts += [
            f'{len(pairs)} pairs were confused; the most frequent:',
            Table(head, rows),
        ]
    return section


def texts_section(scored: Scored) -> Section:
    """Class texts that the text tower hardly tells apart, and whether their videos are confused."""
    section = Section('Class texts that the text tower confuses')
    if scored.texts is None:
        section.parts.append('Not compared: the model has no texts, or scores alone were given.')
        return section
    if len(scored.texts) < 2:
        section.parts.append('There is one class.')
        return section
    similar = _TextPairs(scored.texts)
    names = scored.found.classes
    rows, together = [], np.zeros((len(names), len(names)), int)
    if not scored.multi_label:
        matrix = count_confusions(scored.found.scores, scored.found.labels)
        together = matrix + matrix.T
    for one, other in similar.first:
        row = [names[one], names[other], similar.cosine((one, other))]
        rows.append(row if scored.multi_label else [*row, str(together[one, other])])
    head = ['class', 'class', 'cosine of the texts']
    section.parts.append(_how_texts_spread(similar))
    if not scored.multi_label:
        head.append('videos confused, both ways')
        section.parts.append(_coincidence(similar, together))
    section.parts.append(Table(head, rows))
    return section


def _how_texts_spread(similar: '_TextPairs') -> str:
    return (
        f'Cosine of the mean text features of two classes: median {np.median(similar.values):.3f}, '
        f'largest {similar.values.max():.3f}. Close texts leave little room between their videos: '
        'reword the class names or templates of the first rows.'
    )


def _coincidence(similar: '_TextPairs', together: np.ndarray) -> str:
    """Whether confused pairs have close texts."""
    confused = [(one, other) for one, other in np.argwhere(np.triu(together, 1)).tolist()]
    if not confused:
        return 'No videos were confused.'
    total = len(similar.values)
    top = max(1, total // CLOSE)
    close = [pair for pair in confused if similar.rank(pair) <= top]
    videos, inside = (sum(int(together[pair]) for pair in pairs) for pairs in (confused, close))
    return (
        f'{len(close)} of {len(confused)} confused pairs, with {inside} of {videos} confused '
        f'videos, are among the {top} closest of {total} pairs of texts; by chance it would be '
        f'{len(confused) * top / total:.1f} pairs.'
    )


class _TextPairs:
    """Cosines of pairs of class texts [C, D]; ``first`` has the closest pairs."""

    def __init__(self, texts: np.ndarray) -> None:
        self.matrix = texts @ texts.T
        rows, columns = np.triu_indices(len(texts), 1)
        values = self.matrix[rows, columns]
        order = np.argsort(-values, kind='stable')
        self.values = values[order]
        first = order[:PAIRS]
        self.first = list(zip(rows[first].tolist(), columns[first].tolist(), strict=True))

    def cosine(self, pair: tuple[int, int]) -> str:
        return f'{self.matrix[pair]:.3f}'

    def rank(self, pair: tuple[int, int]) -> int:
        """1 for the closest pair; equal cosines share the best rank."""
        low, high = sorted(pair)
        return int(np.searchsorted(-self.values, -self.matrix[low, high])) + 1


def worst_section(scored: Scored, paths: Sequence[str]) -> Section:
    """Videos whose own class has the smallest probability, with their frames.

    Args:
        scored: Scores of N videos.
        paths: N paths.
    """
    section = Section('Worst videos')
    probs = np.zeros_like(scored.found.scores)
    readable = ~scored.found.failed
    probs[readable] = scored.kept(readable).probabilities()
    own = probs[np.arange(len(probs)), scored.found.labels]
    wrong = probs.argmax(axis=1) != scored.found.labels
    found = np.flatnonzero(wrong & readable)
    found = found[np.argsort(own[found], kind='stable')][:WORST].tolist()
    if not found:
        section.parts.append('All readable videos are classified correctly.')
        return section
    names = scored.found.classes
    strips, rows, unreadable = [], [], []
    for index in found:
        label = int(scored.found.labels[index])
        best = probs[index].argsort()[::-1][:3].tolist()
        said = [f'{probs[index, c]:.1%}  {names[c]}' for c in best]
        drawn = '\n'.join(f'{probs[index, c]:.1%}  {drawn_name(names[c], c)}' for c in best)
        name = scored.found.videos[index]
        frames = None
        try:
            frames = frame_strip(paths[index], FRAME)
        except (UnreadableVideo, OSError, IndexError) as error:
            unreadable.append((name, str(error)))
        strips.append((drawn_name(names[label], label), drawn, frames, name))
        rows.append((name, names[label], f'{own[index]:.1%}', ', '.join(said)))
    section.parts += [
        Picture(
            'worst_videos',
            'True class and file above the frames, predictions to the right',
            draw_strips(strips),
        ),
        Table(('video', 'class', 'probability of its class', 'predicted'), rows),
    ]
    if unreadable:
        section.parts.append(Table(('frames that cannot be shown', 'reason'), unreadable))
    return section


def calibration_section(found: Calibration, exact: bool) -> Section:
    """ECE and AUROC as trained and with a fitted temperature, and reliability diagrams.

    Args:
        found: Of :func:`calibrate`.
        exact: Whether the similarities per view and template are known.
    """
    labels, after = found.labels, None
    rows = [('as trained', '1', *_calibration_row(found.before, labels))]
    if found.after is not None:
        row = _calibration_row(found.after, labels)
        rows.append(('with the temperature', f'{found.temperature:.3g}', *row))
        after = reliability(found.after, labels)
    picture = draw_reliability(reliability(found.before, labels), after)
    head = ('', 'temperature', 'ECE', 'mean confidence', 'accuracy', 'AUROC right or wrong')
    section = Section(
        'Calibration',
        [
            Picture('calibration', 'Confidence and accuracy', picture),
            Table(head, rows),
            'ECE: mean distance between confidence and accuracy (15 bins); 0 is calibrated. AUROC: '
            'how well confidence tells right answers from wrong ones; 0.5 is chance. The '
            'temperature divides the logits. It is fitted on all videos of this list; its row is '
            'measured on each half with the temperature fitted on the other half.',
        ],
    )
    if not exact:
        section.parts.append(
            'The temperature is approximate if scores are means of several softmaxes (views, '
            'templates): their similarities were not available.'
        )
    if len(labels) < FEW:
        section.parts.append(f'{len(labels)} videos are too few for reliable figures.')
    return section


def _calibration_row(probs: np.ndarray, labels: np.ndarray) -> tuple[str, str, str, str]:
    confidence, right = confidences(probs, labels)
    error, area = expected_calibration_error(probs, labels), auroc(probs, labels)
    return (
        f'{error:.1%}',
        f'{confidence.mean():.1%}',
        f'{right.mean():.1%}',
        '–' if np.isnan(area) else f'{area:.3f}',
    )
