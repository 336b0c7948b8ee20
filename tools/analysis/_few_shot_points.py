"""The points of the few-shot figure: read from result cards, checked, put in order."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from actionclip_mm.protocols import read_card
from actionclip_mm.protocols.card import ListFacts
from actionclip_mm.protocols.data_sets import NAMES


@dataclass(frozen=True)
class Point:
    """One card in the figure; accuracies in per cent. Its fields are the columns of the table."""

    dataset: str
    model: str
    shots: int
    metric: str
    mean: float
    std: float | None
    ddof: int
    runs: int
    listed: int
    scored: int
    complete: bool
    classes: str
    test_lists: str
    protocol: str
    card: str


def read_point(path: str, model: str | None, metric: str) -> Point:
    """A point from a card.

    Args:
        path: Of the card.
        model: Name of its line; None for that of the config without the data set.
        metric: Key of the accuracy, a fraction in the card.

    Raises:
        ValueError: It is no card, has not that metric, or is of another kind of protocol.
    """
    card = read_card(path)
    about, dataset = card.protocol, card.protocol.dataset
    if card.training is not None and about.shots is None:
        raise ValueError(
            f"'{path}' is of {about.id}, which trains on all videos: give cards of few-shot "
            'protocols, or of tests without training.'
        )
    found = {row.metric: row for row in card.statistics if row.part == 'test'}
    if metric not in found:
        parts = sorted({row.part for row in card.statistics})
        raise ValueError(
            f"'{path}' has no {metric} of its part 'test': it has the parts {', '.join(parts)} and "
            f'the metrics {", ".join(sorted({r.metric for r in card.statistics}))}.'
        )
    row, runs = found[metric], card.runs
    return Point(
        dataset=dataset,
        model=model or Path(card.model.config).stem.replace(f'_{dataset}', ''),
        shots=about.shots if card.training is not None else 0,
        metric=metric,
        mean=100 * row.mean,
        std=None if row.std is None else 100 * row.std,
        ddof=row.ddof,
        runs=row.n,
        listed=sum(run.videos.listed for run in runs),
        scored=sum(run.videos.scored for run in runs),
        complete=card.is_complete,
        classes=_hashes(run.classes for run in runs),
        test_lists=_hashes(run.test_list for run in runs),
        protocol=about.id,
        card=path,
    )


def _hashes(lists: Iterable[ListFacts]) -> str:
    return ' '.join(sorted({about.sha256[:12] for about in lists}))


def check(points: Sequence[Point]) -> None:
    """Refuses what would be drawn one over the other, or side by side without being comparable.

    Raises:
        ValueError: Two cards for one place, or different classes in one panel.
    """
    seen: dict[tuple[str, str, int], Point] = {}
    for point in points:
        place = (point.dataset, point.model, point.shots)
        other = seen.setdefault(place, point)
        if other is not point:
            raise ValueError(
                f"'{other.card}' ({other.protocol}) and '{point.card}' ({point.protocol}) are both "
                f'{point.shots}-shot of {point.model} on {point.dataset}: leave one out, or tell '
                'the models apart with --series NAME CARD ….'
            )
    first: dict[str, Point] = {}
    for point in points:
        other = first.setdefault(point.dataset, point)
        if other.classes != point.classes:
            raise ValueError(
                f"'{other.card}' ({other.protocol}) and '{point.card}' ({point.protocol}) have "
                f'different classes of {point.dataset}, which do not compare: leave one out.'
            )


def in_order(points: Sequence[Point]) -> list[Point]:
    """Data sets and models as they were given, shots from few to many."""
    datasets = [point.dataset for point in points]
    models = [point.model for point in points]
    return sorted(points, key=lambda p: (datasets.index(p.dataset), models.index(p.model), p.shots))


def remarks(points: Sequence[Point]) -> list[str]:
    """What a reader of the figure must know: what is hollow, and what has other test videos."""
    return [note for note in (incomplete(points), on_other_videos(points)) if note]


def on_other_videos(points: Sequence[Point]) -> str:
    """The panels whose cards were tested on different lists, empty if there are none."""
    lists: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for point in points:
        lists[point.dataset][point.test_lists].append(f'{point.model} {point.shots}-shot')
    named = []
    for dataset, groups in lists.items():
        if len(groups) > 1:
            members = '; '.join(', '.join(group) for group in groups.values())
            named.append(f'{NAMES.get(dataset, dataset)} ({members})')
    return 'Tested on different videos: ' + ', '.join(named) if named else ''


def incomplete(points: Sequence[Point]) -> str:
    """The points whose videos were not all scored, empty if there are none."""
    named = [
        f'{p.model}, {p.protocol} ({p.scored:,} of {p.listed:,} videos)'
        for p in points
        if not p.complete
    ]
    return 'Hollow, because not all videos were scored: ' + '; '.join(named) if named else ''
