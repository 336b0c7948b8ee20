"""Published numbers by protocol, quoted for comparison; none of them was measured here.

A number is printed next to ours only if both were measured on the same videos and classes, see
:func:`compare`. The setting lists what the protocol leaves open: frames, views, initialization.
"""

from collections.abc import Iterable
from typing import NamedTuple

from ..benchmarks import PublishedList, published_lists
from .card import Card
from .families import PROTOCOLS
from .protocol import Protocol, Videos


class Published(NamedTuple):
    """One published number.

    Attributes:
        model: Name, ViT-B/16 unless said.
        value: Percent as printed: top-1 unless it says so, or base / novel / harmonic mean.
        setting: Frames and views, initialisation.
        source: Where it is printed.
        lists: Project whose lists it was measured on.
        reason: Why its lists are not known, '' if they are.
    """

    model: str
    value: str
    setting: str
    source: str
    lists: str
    reason: str = ''


class Source(NamedTuple):
    """Where numbers are printed, and whose lists they were measured on."""

    where: str
    lists: str
    reason: str = ''


# A model, its values by column, its setting, its source.
Rows = tuple[tuple[str, tuple[str, ...], str, Source], ...]

ACTIONCLIP = Source(
    "ActionCLIP's README", 'ActionCLIP',
    'the released test drops its last incomplete batch: its log scores 19,328 of '
    f'{published_lists()["kinetics400_val_actionclip"].size:,} videos',
)  # fmt: skip
TABLE_8 = Source(
    'ActionCLIP, arXiv 2109.08472, table 8', 'ActionCLIP',
    'the paper does not say which copy of the validation videos it tested',
)  # fmt: skip
TABLE_9 = Source(
    'ActionCLIP, arXiv 2109.08472, table 9', 'ActionCLIP',
    'the paper says neither which videos nor which definition of mAP',
)  # fmt: skip
X_CLIP = Source("X-CLIP's README", 'X-CLIP')
VIFI = Source("ViFi-CLIP's README", 'ViFi-CLIP')
TC_CLIP = Source("TC-CLIP's README", 'TC-CLIP')
OST = Source("OST's README", 'OST')
BIKE = Source("BIKE's README", 'BIKE')
FROSTER = Source("FROSTER's README", 'FROSTER')
# rows that FROSTER's README marks with a dagger, and rows that it does not
RERUN = Source("FROSTER's README, re-run by its authors", 'FROSTER')
QUOTED = Source(
    "FROSTER's README, quoted there from another paper", '',
    'it is quoted second-hand, without the lists it was measured on',
)  # fmt: skip
UNSTATED = 'not stated'
HALVES = 'base / novel / HM'

# Columns: UCF101, HMDB51.
Z3: Rows = (
    ('frozen CLIP', ('73.8 ± 0.6', '47.9 ± 0.5'), UNSTATED, RERUN),
    ('ActionCLIP', ('77.5 ± 0.8', '48.2 ± 1.5'), UNSTATED, RERUN),
    ('X-CLIP', ('72.0', '44.6'), '32f 1x1', X_CLIP),
    ('ViFi-CLIP', ('76.8', '51.3'), '32f 1x1', VIFI),
    ('OST', ('79.7', '55.9'), '32f 1x1', OST),
    ('Open-VCLIP', ('83.4 ± 1.2', '53.9 ± 1.2'), '8f 3x1', QUOTED),
    ('FROSTER', ('84.8 ± 1.1', '54.8 ± 1.3'), '8f 3x1', FROSTER),
    ('TC-CLIP', ('82.9 ± 0.6', '54.2 ± 0.7'), '16f 2x1', TC_CLIP),
)
ZF: Rows = (
    ('BIKE, ViT-L/14', ('80.83', '52.75'), '8f 1x1', BIKE),
    ('Text4Vis, ViT-L/14', ('79.6', '49.8'), UNSTATED, QUOTED),
)
ZF_PRIME: Rows = (
    ('frozen CLIP', ('74.2', '46.3'), UNSTATED, RERUN),
    ('ActionCLIP', ('77.4', '48.0'), UNSTATED, RERUN),
    ('Open-VCLIP', ('83.5', '53.2'), '8f 3x1', QUOTED),
    ('FROSTER', ('85.0', '54.5'), '8f 3x1', FROSTER),
)
ZH: Rows = (('BIKE, ViT-L/14', ('86.63 ± 3.4', '61.37 ± 3.68'), '8f 1x1', BIKE),)

# Columns: K = 2, 4, 8, 16.
FEW_SHOT: dict[str, Rows] = dict(
    hmdb51=(
        ('X-CLIP', ('53.0', '57.3', '62.8', '64.0'), '32f 1x1, from CLIP', X_CLIP),
        ('ViFi-CLIP', ('57.2', '62.7', '64.5', '66.8'), '32f 1x1, from CLIP', VIFI),
        ('OST', ('59.1', '62.9', '64.9', '68.2'), 'from CLIP', OST),
        ('TC-CLIP', ('57.3', '62.3', '67.3', '68.6'), '16f 2x1, from CLIP', TC_CLIP),
        ('TC-CLIP', ('65.3', '68.5', '71.4', '73.0'), '16f 2x1, from Kinetics-400', TC_CLIP),
    ),
    ucf101=(
        ('X-CLIP', ('76.4', '83.4', '88.3', '91.4'), '32f 1x1, from CLIP', X_CLIP),
        ('ViFi-CLIP', ('80.7', '85.1', '90.0', '92.7'), '32f 1x1, from CLIP', VIFI),
        ('OST', ('82.5', '87.5', '91.7', '93.9'), 'from CLIP', OST),
        ('TC-CLIP', ('85.9', '89.9', '92.5', '94.6'), '16f 2x1, from CLIP', TC_CLIP),
        ('TC-CLIP', ('94.1', '95.6', '96.6', '97.3'), '16f 2x1, from Kinetics-400', TC_CLIP),
    ),
    ssv2=(
        ('ViFi-CLIP', ('6.2', '7.4', '8.5', '12.4'), '32f 1x1, from CLIP', VIFI),
        ('OST', ('7.0', '7.7', '8.9', '12.2'), 'from CLIP', OST),
        ('TC-CLIP', ('7.3', '8.6', '9.3', '14.0'), '16f 2x1, from CLIP', TC_CLIP),
    ),
)

# Columns: Kinetics-400, HMDB51, UCF101, SSv2.
BASE_TO_NOVEL: Rows = (
    (
        'frozen CLIP',
        ('62.3 / 53.4 / 57.5', '53.3 / 46.8 / 49.8', '78.5 / 63.6 / 70.3', '4.9 / 5.3 / 5.1'),
        HALVES,
        QUOTED,
    ),
    (
        'ActionCLIP',
        ('61.0 / 46.2 / 52.6', '69.1 / 37.3 / 48.5', '90.1 / 58.1 / 70.7', '13.3 / 10.1 / 11.5'),
        HALVES,
        QUOTED,
    ),
    (
        'ViFi-CLIP',
        ('76.4 / 61.1 / 67.9', '73.8 / 53.3 / 61.9', '92.9 / 67.7 / 78.3', '16.2 / 12.1 / 13.9'),
        f'{HALVES}, 32f 1x1',
        VIFI,
    ),
    (
        'FROSTER',
        ('77.8 / 64.3 / 70.4', '74.1 / 58.0 / 65.1', '95.3 / 80.0 / 87.0', '18.3 / 12.2 / 14.6'),
        f'{HALVES}, 8f 3x1',
        FROSTER,
    ),
    (
        'TC-CLIP',
        ('78.9 / 63.6 / 70.4', '73.3 / 54.1 / 62.2', '95.5 / 78.0 / 85.9', '17.5 / 13.4 / 15.2'),
        f'{HALVES}, 16f 2x1',
        TC_CLIP,
    ),
)

KINETICS600_TEST: Rows = (
    ('ViFi-CLIP', ('71.2',), '32f 1x1', VIFI),
    ('TC-CLIP', ('75.8 ± 0.5',), '16f 2x1', TC_CLIP),
    ('BIKE, ViT-L/14', ('68.53 ± 1.23',), '8f 1x1', BIKE),
)
KINETICS600_VAL: Rows = (
    ('frozen CLIP', ('68.1 ± 1.1',), UNSTATED, RERUN),
    ('ActionCLIP', ('62.5 ± 1.2',), UNSTATED, RERUN),
    ('Open-VCLIP', ('73.0 ± 0.8',), '8f 3x1', QUOTED),
    ('FROSTER', ('74.8 ± 0.9',), '8f 3x1', FROSTER),
)

KINETICS400_1X1: Rows = (
    ('ActionCLIP, ViT-B/32', ('78.36',), '8f', ACTIONCLIP),
    ('ActionCLIP', ('81.09, 81.68, 82.32',), '8f, 16f, 32f', ACTIONCLIP),
)
KINETICS400_10X3: Rows = (('ActionCLIP', ('82.6, 83.8',), '16f, 32f', TABLE_8),)
CHARADES: Rows = (('ActionCLIP', ('44.3 mAP',), '32f', TABLE_9),)


def _by_protocol(rows: Rows, *protocols: str) -> dict[str, tuple[Published, ...]]:
    """Split a table into its columns, by protocol."""
    return {
        protocol: tuple(
            Published(model, values[n], setting, *source) for model, values, setting, source in rows
        )
        for n, protocol in enumerate(protocols)
    }


PUBLISHED: dict[str, tuple[Published, ...]] = {
    **_by_protocol(Z3, 'zero_shot_ucf101_z3', 'zero_shot_hmdb51_z3'),
    **_by_protocol(ZF, 'zero_shot_ucf101_zf', 'zero_shot_hmdb51_zf'),
    **_by_protocol(ZF_PRIME, 'zero_shot_ucf101_zf_prime', 'zero_shot_hmdb51_zf_prime'),
    **_by_protocol(ZH, 'zero_shot_ucf101_zh', 'zero_shot_hmdb51_zh'),
    **_by_protocol(KINETICS600_TEST, 'zero_shot_kinetics600_test'),
    **_by_protocol(KINETICS600_VAL, 'zero_shot_kinetics600_val'),
    **{
        name: published
        for dataset, rows in FEW_SHOT.items()
        for name, published in _by_protocol(
            rows, *(f'few_shot_{dataset}_k{shots}' for shots in (2, 4, 8, 16))
        ).items()
    },
    **_by_protocol(
        BASE_TO_NOVEL,
        *(f'base_to_novel_{dataset}' for dataset in ('kinetics400', 'hmdb51', 'ucf101', 'ssv2')),
    ),
    **_by_protocol(KINETICS400_1X1, 'k400_1x1'),
    **_by_protocol(KINETICS400_10X3, 'k400_10x3'),
    **_by_protocol(CHARADES, 'charades_10x3'),
}


def compare(card: Card) -> list[tuple[Published, str]]:
    """List the published numbers of a card's protocol and why they do not compare.

    Returns:
        Each row with '' if it was measured on the videos and classes of the card, else with the
        reason.
    """
    rows = PUBLISHED.get(card.protocol.id, ())
    return [(row, row.reason or _difference(card, row.lists)) for row in rows]


def _difference(card: Card, project: str) -> str:
    """The first difference between the lists of a card and those of a project; '' if none."""
    protocol = PROTOCOLS[card.protocol.id]
    for part in protocol.runs[0].tests:
        theirs = _lists_of(project, protocol, part)
        runs = [run for run in card.runs if run.part == part]
        if not theirs:
            return f"{project}'s {part} list is not known"
        if {run.classes.identity for run in runs} != {known.classes for known in theirs}:
            return f'the {part} classes are not those of {project}'
        if {run.test_list.identity for run in runs} != {known.videos for known in theirs}:
            return f'the {part} videos are not those of {project} ({theirs[0].source})'
    if protocol.trains:
        theirs = _lists_of(project, protocol, 'train')
        lists = [run.train_list for run in card.runs if run.train_list is not None]
        if len(lists) < len(card.runs):
            return 'nothing was trained here'
        if not theirs:
            return f"{project}'s training list is not known"
        if {found.identity for found in lists} != {known.videos for known in theirs}:
            return f'the training videos are not those of {project} ({theirs[0].source})'
    return ''


def _lists_of(project: str, protocol: Protocol, part: str) -> list[PublishedList]:
    """Published lists of a part ('train' or a test part) that a project ships."""
    videos: Iterable[Videos | None] = (
        run.train if part == 'train' else run.tests[part] for run in protocol.runs
    )
    names = dict.fromkeys(name for each in videos if each is not None for name in each.published)
    lists = [published_lists()[name] for name in names]
    return [known for known in lists if project in known.projects]
