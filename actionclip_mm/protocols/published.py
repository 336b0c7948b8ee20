"""Published numbers by protocol, quoted for comparison; none of them was measured here.

A value stands only where its source follows the very protocol. The setting says what the protocol
leaves open: frames and views, initialisation.
"""

from typing import NamedTuple


class Published(NamedTuple):
    """One published number.

    Attributes:
        model: Name, ViT-B/16 unless said.
        value: Percent as printed: top-1, or base / novel / harmonic mean.
        setting: Frames and views, initialisation.
        source: Where it is printed.
    """

    model: str
    value: str
    setting: str
    source: str


PAPER = 'ActionCLIP, arXiv 2109.08472'
X_CLIP = "X-CLIP's paper"
VIFI = "ViFi-CLIP's README"
TC_CLIP = "TC-CLIP's README"
OST = "OST's README"
FROSTER = "FROSTER's README"
RERUN = 'a re-run by others'
UNSTATED = 'not stated'


def _zero_shot(column: int) -> tuple[Published, ...]:
    """Rows of one column: Z3 of UCF101, Z3 of HMDB51."""
    rows = (
        ('frozen CLIP', ('73.8 ± 0.6', '47.9 ± 0.5'), UNSTATED, f'{FROSTER}, {RERUN}'),
        ('ActionCLIP', ('77.5 ± 0.8', '48.2 ± 1.5'), UNSTATED, f'{FROSTER}, {RERUN}'),
        ('X-CLIP', ('72.0 ± 2.3', '44.6 ± 5.2'), '32f 1x1', X_CLIP),
        ('ViFi-CLIP', ('76.8 ± 0.7', '51.3 ± 0.6'), '32f 1x1', VIFI),
        ('Open-VCLIP', ('83.4 ± 1.2', '53.9 ± 1.2'), '8f 3x1', "Open-VCLIP's README"),
        ('FROSTER', ('84.8 ± 1.1', '54.8 ± 1.3'), '8f 3x1', FROSTER),
        ('TC-CLIP', ('82.9 ± 0.6', '54.2 ± 0.7'), '16f 2x1', TC_CLIP),
    )
    return tuple(Published(model, values[column], how, src) for model, values, how, src in rows)


def _few_shot(rows: tuple[tuple[str, str, str, str], ...], shots: int) -> tuple[Published, ...]:
    """One K of rows whose values are K = 2/4/8/16."""
    place = (2, 4, 8, 16).index(shots)
    return tuple(Published(m, v.split('/')[place], how, src) for m, v, how, src in rows)


FEW_SHOT = dict(
    hmdb51=(
        ('X-CLIP', '53.0/57.3/62.8/64.0', '32f 1x1, from CLIP', X_CLIP),
        ('ViFi-CLIP', '57.2/62.7/64.5/66.8', '32f 1x1, from CLIP', VIFI),
        ('OST', '59.1/62.9/64.9/68.2', 'from CLIP', OST),
        ('TC-CLIP', '57.3/62.3/67.3/68.6', '16f 2x1, from CLIP', TC_CLIP),
        ('TC-CLIP', '65.3/68.5/71.4/73.0', '16f 2x1, from Kinetics-400', TC_CLIP),
    ),
    ucf101=(
        ('X-CLIP', '76.4/83.4/88.3/91.4', '32f 1x1, from CLIP', X_CLIP),
        ('ViFi-CLIP', '80.7/85.1/90.0/92.7', '32f 1x1, from CLIP', VIFI),
        ('OST', '82.5/87.5/91.7/93.9', 'from CLIP', OST),
        ('TC-CLIP', '85.9/89.9/92.5/94.6', '16f 2x1, from CLIP', TC_CLIP),
        ('TC-CLIP', '94.1/95.6/96.6/97.3', '16f 2x1, from Kinetics-400', TC_CLIP),
    ),
    ssv2=(
        ('ViFi-CLIP', '6.2/7.4/8.5/12.4', '32f 1x1, from CLIP', VIFI),
        ('OST', '7.0/7.7/8.9/12.2', 'from CLIP', OST),
        ('TC-CLIP', '7.3/8.6/9.3/14.0', '16f 2x1, from CLIP', TC_CLIP),
    ),
)

# base / novel / harmonic mean in the order of _SETS
_SETS = ('kinetics400', 'hmdb51', 'ucf101', 'ssv2')
BASE_TO_NOVEL = (
    (
        'frozen CLIP',
        ('62.3 / 53.4 / 57.5', '53.3 / 46.8 / 49.8', '78.5 / 63.6 / 70.3', '4.9 / 5.3 / 5.1'),
        f'{FROSTER}, {RERUN}',
    ),
    (
        'ActionCLIP',
        ('61.0 / 46.2 / 52.6', '69.1 / 37.3 / 48.5', '90.1 / 58.1 / 70.7', '13.3 / 10.1 / 11.5'),
        f'{FROSTER}, {RERUN}',
    ),
    (
        'ViFi-CLIP',
        ('76.4 / 61.1 / 67.9', '73.8 / 53.3 / 61.9', '92.9 / 67.7 / 78.3', '16.2 / 12.1 / 13.9'),
        f'{VIFI}, 32f 1x1',
    ),
    (
        'FROSTER',
        ('77.8 / 64.3 / 70.4', '74.1 / 58.0 / 65.1', '95.3 / 80.0 / 87.0', '18.3 / 12.2 / 14.6'),
        f'{FROSTER}, 8f 3x1',
    ),
    (
        'TC-CLIP',
        ('78.9 / 63.6 / 70.4', '73.3 / 54.1 / 62.2', '95.5 / 78.0 / 85.9', '17.5 / 13.4 / 15.2'),
        f'{TC_CLIP}, 16f 2x1',
    ),
)

PUBLISHED: dict[str, tuple[Published, ...]] = {
    'zero_shot_ucf101_z3': _zero_shot(0),
    'zero_shot_hmdb51_z3': _zero_shot(1),
    'zero_shot_ucf101_zf': (
        Published('BIKE, ViT-L/14', '80.83', '8f 1x1', "BIKE's README"),
        Published('Text4Vis, ViT-L/14', '79.6', UNSTATED, f'{FROSTER}, {RERUN}'),
    ),
    'zero_shot_hmdb51_zf': (
        Published('BIKE, ViT-L/14', '52.75', '8f 1x1', "BIKE's README"),
        Published('Text4Vis, ViT-L/14', '49.8', UNSTATED, f'{FROSTER}, {RERUN}'),
    ),
    'zero_shot_hmdb51_zf_prime': (
        Published('frozen CLIP', '46.3', UNSTATED, f'{FROSTER}, {RERUN}'),
        Published('ActionCLIP', '48.0', UNSTATED, f'{FROSTER}, {RERUN}'),
        Published('Open-VCLIP', '53.2', '8f 3x1', "Open-VCLIP's README"),
        Published('FROSTER', '54.5', '8f 3x1', FROSTER),
    ),
    'zero_shot_ucf101_zf_prime': (
        Published('frozen CLIP', '74.2', UNSTATED, f'{FROSTER}, {RERUN}'),
        Published('ActionCLIP', '77.4', UNSTATED, f'{FROSTER}, {RERUN}'),
        Published('Open-VCLIP', '83.5', '8f 3x1', "Open-VCLIP's README"),
        Published('FROSTER', '85.0', '8f 3x1', FROSTER),
    ),
    'zero_shot_ucf101_zh': (Published('BIKE, ViT-L/14', '86.63 ± 3.4', '8f 1x1', "BIKE's README"),),
    'zero_shot_hmdb51_zh': (
        Published('BIKE, ViT-L/14', '61.37 ± 3.68', '8f 1x1', "BIKE's README"),
    ),
    'zero_shot_kinetics600_test': (
        Published('ViFi-CLIP', '71.2 ± 1.0', '32f 1x1', VIFI),
        Published('TC-CLIP', '75.8 ± 0.5', '16f 2x1', TC_CLIP),
        Published('BIKE, ViT-L/14', '68.53 ± 1.23', '8f 1x1', "BIKE's README"),
    ),
    'zero_shot_kinetics600_val': (
        Published('frozen CLIP', '68.1 ± 1.1', UNSTATED, f'{FROSTER}, {RERUN}'),
        Published('ActionCLIP', '62.5 ± 1.2', UNSTATED, f'{FROSTER}, {RERUN}'),
        Published('Open-VCLIP', '73.0 ± 0.8', '8f 3x1', "Open-VCLIP's README"),
        Published('FROSTER', '74.8 ± 0.9', '8f 3x1', FROSTER),
    ),
    **{
        f'few_shot_{dataset}_k{shots}': _few_shot(rows, shots)
        for dataset, rows in FEW_SHOT.items()
        for shots in (2, 4, 8, 16)
    },
    **{
        f'base_to_novel_{dataset}': tuple(
            Published(model, values[place], 'base / novel / HM', source)
            for model, values, source in BASE_TO_NOVEL
        )
        for place, dataset in enumerate(_SETS)
    },
    'k400_1x1': (
        Published('ActionCLIP, ViT-B/32', '78.36', '8f', "ActionCLIP's README"),
        Published('ActionCLIP', '81.09, 81.68, 82.32', '8f, 16f, 32f', "ActionCLIP's README"),
    ),
    'k400_10x3': (Published('ActionCLIP', '82.6, 83.8', '16f, 32f', f'{PAPER}, table 8'),),
    'charades_10x3': (Published('ActionCLIP', '44.3 mAP', '32f', f'{PAPER}, table 9'),),
}


def published_for(protocol: str) -> tuple[Published, ...]:
    """Rows of a protocol; none where no source follows it."""
    return PUBLISHED.get(protocol, ())
