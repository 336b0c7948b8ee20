"""Points of the few-shot figure, read from result cards."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from actionclip_mm.benchmarks import BENCHMARKS
from actionclip_mm.protocols import read_card
from actionclip_mm.protocols.card import ListFacts


@dataclass(frozen=True)
class Point:
    """A card as a point of the figure and a row of the table; accuracies in per cent."""

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
    """Read a point from a card.

    Args:
        path: Path of the card.
        model: Name of its line; by default the name of the config without the data set.
        metric: Key of the accuracy.

    Raises:
        ValueError: The card is invalid, lacks the metric, or its protocol has no number of shots.
    """
    card = read_card(path)
    about, dataset = card.protocol, card.protocol.dataset
    if card.training is not None and about.shots is None:
        raise ValueError(
            f"'{path}' is of {about.id}, which trains on all videos: pass cards of few-shot "
            'protocols or of tests without training.'
        )
    found = {row.metric: row for row in card.statistics if row.part == 'test'}
    if metric not in found:
        parts = sorted({row.part for row in card.statistics})
        raise ValueError(
            f"'{path}' has no {metric} of the part 'test', only the parts {', '.join(parts)} and "
            f'the metrics {", ".join(sorted({r.metric for r in card.statistics}))}.'
        )
    row, runs = found[metric], card.runs
    return Point(
        dataset=dataset,
        model=model or Path(card.model.config).stem.replace(f'_{dataset}', ''),
        shots=(about.shots or 0) if card.training is not None else 0,
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


def title_of(dataset: str) -> str:
    """The title of a data set; unknown ones keep their name."""
    return BENCHMARKS[dataset].title if dataset in BENCHMARKS else dataset


def _hashes(lists: Iterable[ListFacts]) -> str:
    return ' '.join(sorted({about.sha256[:12] for about in lists}))


def check(points: Sequence[Point]) -> None:
    """Check that points do not overlap and that those of a panel are comparable.

    Raises:
        ValueError: Two cards have the same position, or the classes in a panel differ.
    """
    seen: dict[tuple[str, str, int], Point] = {}
    for point in points:
        place = (point.dataset, point.model, point.shots)
        other = seen.setdefault(place, point)
        if other is not point:
            raise ValueError(
                f"'{other.card}' ({other.protocol}) and '{point.card}' ({point.protocol}) are both "
                f'{point.shots}-shot of {point.model} on {point.dataset}: remove one, or name '
                'the models with --series NAME CARD ….'
            )
    first: dict[str, Point] = {}
    for point in points:
        other = first.setdefault(point.dataset, point)
        if other.classes != point.classes:
            raise ValueError(
                f"'{other.card}' ({other.protocol}) and '{point.card}' ({point.protocol}) have "
                f'different classes of {point.dataset} and are not comparable: remove one.'
            )


def in_order(points: Sequence[Point]) -> list[Point]:
    """Sort by data set and model in the given order, then by number of shots."""
    datasets = [point.dataset for point in points]
    models = [point.model for point in points]
    return sorted(points, key=lambda p: (datasets.index(p.dataset), models.index(p.model), p.shots))


def remarks(points: Sequence[Point]) -> list[str]:
    """Notes below the figure: incomplete cards, and cards with different test lists."""
    return [note for note in (incomplete(points), on_other_videos(points)) if note]


def on_other_videos(points: Sequence[Point]) -> str:
    """Name the panels whose cards have different test lists; empty if none."""
    lists: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for point in points:
        lists[point.dataset][point.test_lists].append(f'{point.model} {point.shots}-shot')
    named = []
    for dataset, groups in lists.items():
        if len(groups) > 1:
            members = '; '.join(', '.join(group) for group in groups.values())
            named.append(f'{title_of(dataset)} ({members})')
    return 'Tested on different videos: ' + ', '.join(named) if named else ''


def incomplete(points: Sequence[Point]) -> str:
    """Name the points with unscored videos; empty if none."""
    named = [
        f'{p.model}, {p.protocol} ({p.scored:,} of {p.listed:,} videos)'
        for p in points
        if not p.complete
    ]
    return 'Hollow: not all videos were scored: ' + '; '.join(named) if named else ''
