"""Published numbers: a source each, and next to ours only on the same videos and classes."""

import re

import pytest

from actionclip_mm.benchmarks import published_lists
from actionclip_mm.protocols.card import make_card
from actionclip_mm.protocols.card_markdown import to_markdown
from actionclip_mm.protocols.families import PROTOCOLS
from actionclip_mm.protocols.published import PUBLISHED, compare

SOURCE = re.compile(r"(\w[\w-]*'s README|ActionCLIP, arXiv 2109.08472, table \d)(, .+)?")


def row_of(protocol: str, model: str) -> str:
    return next(row.value for row in PUBLISHED[protocol] if row.model == model)


def run_of(list_name: str, base: dict, **more: object) -> dict:
    """A run on a published list."""
    known = published_lists()[list_name]
    return base | dict(
        classes=base['classes'] | dict(identity=known.classes, published=list_name),
        test_list=base['test_list'] | dict(identity=known.videos, published=list_name),
        **more,
    )


@pytest.fixture
def on_splits(sections: dict) -> dict:
    """A card of zero_shot_ucf101_z3 on the official splits."""
    base = sections['runs'][0]
    sections['runs'] = [run_of(f'ucf101_test_split_{n}', base, run=f'split{n}') for n in (1, 2, 3)]
    return sections


@pytest.mark.parametrize('name', PUBLISHED)
def test_every_number_has_a_source_and_a_list_or_a_reason(name: str) -> None:
    assert name in PROTOCOLS
    for row in PUBLISHED[name]:
        assert SOURCE.fullmatch(row.source), row
        assert row.setting and (row.lists or row.reason)


def test_numbers_are_as_their_source_prints_them() -> None:
    """READMEs of ViFi-CLIP, X-CLIP and OST print no spread of zero-shot accuracies."""
    assert row_of('zero_shot_ucf101_z3', 'ViFi-CLIP') == '76.8'
    assert row_of('zero_shot_hmdb51_z3', 'X-CLIP') == '44.6'
    assert row_of('zero_shot_kinetics600_test', 'ViFi-CLIP') == '71.2'
    assert row_of('few_shot_hmdb51_k16', 'X-CLIP') == '64.0'
    text4vis = next(r for r in PUBLISHED['zero_shot_ucf101_zf'] if 'Text4Vis' in r.model)
    assert 'quoted' in text4vis.source and 're-run' not in text4vis.source


def test_same_lists(on_splits: dict) -> None:
    found = {row.model: why for row, why in compare(make_card(**on_splits))}
    assert found['ViFi-CLIP'] == found['TC-CLIP'] == found['FROSTER'] == ''
    assert found['X-CLIP'] == "X-CLIP's test list is not known"
    assert found['Open-VCLIP'].startswith('it is quoted second-hand')
    page = to_markdown(make_card(**on_splits))
    assert "| ViFi-CLIP | 76.8 | 32f 1x1 | ViFi-CLIP's README |" in page
    assert "- X-CLIP (X-CLIP's README): not comparable: X-CLIP's test list is not known." in page
    assert '72.0' not in page and '83.4' not in page, 'numbers that do not compare are not printed'


def test_one_other_video_in_one_split(on_splits: dict) -> None:
    """Of the same number: sizes say nothing."""
    on_splits['runs'][2]['test_list'] = on_splits['runs'][2]['test_list'] | dict(identity='0' * 64)
    page = to_markdown(make_card(**on_splits))
    assert 'the test videos are not those of ViFi-CLIP' in page
    assert '## Published numbers of the same videos' not in page
    for row in PUBLISHED['zero_shot_ucf101_z3']:
        assert row.value not in page


def test_other_classes(on_splits: dict) -> None:
    for run in on_splits['runs']:
        run['classes'] = run['classes'] | dict(identity='0' * 64)
    found = {row.model: why for row, why in compare(make_card(**on_splits))}
    assert found['ViFi-CLIP'] == 'the test classes are not those of ViFi-CLIP'


def test_training_videos_count_too(sections: dict) -> None:
    sections['protocol']['id'] = 'few_shot_ucf101_k2'
    drawn = dict(count=202, sha256='f' * 64, published=None, source='draw')
    theirs = drawn | dict(identity=published_lists()['ucf101_2_shots'].videos)
    base = run_of('ucf101_test_split_1', sections['runs'][0], run='seed1')
    for train, why in (
        (theirs, ''),
        (drawn | dict(identity='0' * 64), 'the training videos are not those of ViFi-CLIP'),
        (None, 'nothing was trained here'),
    ):
        sections['runs'] = [base | dict(train_list=train)]
        found = {row.model: why for row, why in compare(make_card(**sections))}
        assert found['ViFi-CLIP'].startswith(why) and bool(found['ViFi-CLIP']) == bool(why)


def test_copies_of_kinetics_600_are_told_apart(sections: dict) -> None:
    sections['protocol']['id'] = 'zero_shot_kinetics600_test'
    base = sections['runs'][0]
    for whose, same in (('text4vis', {'BIKE, ViT-L/14'}), ('vifi_clip', {'ViFi-CLIP', 'TC-CLIP'})):
        sections['runs'] = [
            run_of(f'kinetics600_zero_shot_test_{n}_{whose}', base, run=f'split{n}')
            for n in (1, 2, 3)
        ]
        rows = compare(make_card(**sections))
        assert {row.model for row, why in rows if not why} == same


def test_protocols_without_published_numbers(sections: dict) -> None:
    sections['protocol']['id'] = 'mini_zero_shot'
    assert 'Published' not in to_markdown(make_card(**sections))
