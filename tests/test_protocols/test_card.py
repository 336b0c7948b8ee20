"""Cards: what they refuse, what changes their fingerprint, and what a broken file costs."""

import copy
import json
import math
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actionclip_mm.protocols.card import Card, fingerprint, make_card, read_card, write_card
from actionclip_mm.protocols.card_markdown import to_markdown

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / 'tests' / 'data' / 'protocols'


@pytest.fixture
def content(card: Card) -> dict:
    """What the file of a card holds."""
    return json.loads(json.dumps(card.to_dict()))


@pytest.mark.parametrize(
    ('name', 'page'),
    [
        ('card_zero_shot', ROOT / 'docs' / 'example_card.md'),
        ('card_few_shot', GOLDEN / 'card_few_shot.md'),
    ],
)
def test_cards_of_version_0_1_0(name: str, page: Path, tmp_path: Path) -> None:
    """They verify, and are written and rendered byte for byte."""
    path = GOLDEN / f'{name}.json'
    card = read_card(path)
    write_card(card, tmp_path / 'card.json')
    assert (tmp_path / 'card.json').read_bytes() == path.read_bytes()
    sections = {key: getattr(card, key) for key in vars(card)}
    del sections['schema'], sections['fingerprint']
    assert make_card(**sections) == card
    assert to_markdown(card) == page.read_text()


def test_the_published_schema_is_current() -> None:
    """Written by ``actionclip protocol --card-schema > docs/card.schema.json``."""
    published = json.loads((ROOT / 'docs' / 'card.schema.json').read_text())
    assert published == Card.json_schema()
    assert set(published['required']) == set(published['properties'])


def test_what_is_written_is_read(card: Card, tmp_path: Path) -> None:
    write_card(card, tmp_path / 'new' / 'card.json')
    assert read_card(tmp_path / 'new' / 'card.json') == card


def test_fingerprint_is_that_of_the_result(sections: dict, card: Card) -> None:
    """Where and when it was made changes nothing, any other section does."""
    sections['made'] |= dict(processes=2, date='2027-01-01', seconds=9.0)
    assert make_card(**sections).fingerprint == card.fingerprint
    for section, key in (('test', 'frames'), ('text', 'num_templates')):
        other = copy.deepcopy(sections)
        other[section][key] += 1
        assert make_card(**other).fingerprint != card.fingerprint
    sections['runs'][0]['metrics']['acc/top1'] += 1e-9
    assert make_card(**sections).fingerprint != card.fingerprint


def test_complete(sections: dict) -> None:
    assert make_card(**sections).is_complete  # a failed video was scored: as wrong
    sections['runs'][1]['videos']['scored'] = 9
    assert not make_card(**sections).is_complete


def test_numpy_numbers_become_plain(sections: dict) -> None:
    import numpy as np

    sections['statistics'][0]['mean'] = np.float64(0.25)
    sections['runs'][0]['seed'] = np.int64(3)
    card = make_card(**sections)
    assert type(card.runs[0].seed) is int and card.statistics[0].mean == 0.25


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda c: c.pop('text'), 'text: field required'),
        (lambda c: c.update(extra=1), 'extra: unexpected keyword argument, got 1'),
        (lambda c: c['test'].update(frames='8'), "test.frames: .* valid integer, got '8'"),
        (lambda c: c['test'].update(frames=True), 'valid integer, got True'),
        (lambda c: c['test'].update(frames=8.0), 'valid integer, got 8.0'),
        (lambda c: c['test'].update(frames=-1), 'greater than or equal to 0, got -1'),
        (lambda c: c['text'].update(context=0), 'valid boolean, got 0'),
        (lambda c: c['model'].update(test_scale=True), 'test_scale: must be a finite number'),
        (lambda c: c['model'].update(test_scale='1'), 'test_scale: must be a finite number'),
        (lambda c: c['model'].update(test_scale=10**400), 'test_scale: must be a finite number'),
        (lambda c: c.update(runs=[]), r'runs: .* at least 1 item .* got \[\]'),
        (lambda c: c.update(statistics={}), 'statistics: .* got {}'),
        (lambda c: c['runs'][0]['metrics'].update({'acc/top1': math.inf}), 'Infinity is not a'),
        (lambda c: c['runs'][0]['videos'].update(scored=11), 'more videos .* than are listed'),
        (lambda c: c.update(protocol=None), 'protocol: .* got None'),
        (lambda c: c.update(schema=2.0), 'schema: .* got 2.0'),
        (lambda c: c['protocol'].update(id=None), 'protocol.id: .* None'),
    ],
)
def test_broken_cards_are_one_sentence(change, words: str, content: dict, tmp_path: Path) -> None:
    change(content)
    content['fingerprint'] = 'x'
    (tmp_path / 'card.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=words) as error:
        read_card(tmp_path / 'card.json')
    assert '\n' not in str(error.value) and 'is not a valid result card' in str(error.value)


def test_numbers_too_large_for_a_float(card: Card, tmp_path: Path) -> None:
    write_card(card, tmp_path / 'card.json')
    text = (tmp_path / 'card.json').read_text()
    for place in ('"mean": 0.6', '"clip_len": 8'):  # typed, and anything
        (tmp_path / 'card.json').write_text(text.replace(place, place.rpartition(' ')[0] + '1e999'))
        with pytest.raises(ValueError, match='finite number|Out of range'):
            read_card(tmp_path / 'card.json')


def test_names_that_are_not_utf8(sections: dict, tmp_path: Path) -> None:
    sections['runs'][0]['failed_videos'] = ['caf\udce9.mp4\tempty file']
    card = make_card(**sections)
    write_card(card, tmp_path / 'card.json')
    assert read_card(tmp_path / 'card.json') == card


def test_cards_are_frozen(card: Card) -> None:
    with pytest.raises(FrozenInstanceError):
        card.runs[0].videos.scored = 9


def test_an_edited_number_is_found(content: dict, tmp_path: Path) -> None:
    content['statistics'][0]['mean'] = 0.99
    (tmp_path / 'card.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match='it was edited'):
        read_card(tmp_path / 'card.json')


def test_a_card_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='There is no card'):
        read_card(tmp_path / 'card.json')


@pytest.mark.parametrize(
    'content',
    [b'', b'null', b'[1]', b'{"schema": 1}', b'\xff\xfe', b'{"schema": NaN}', b'[' * 100_000,
     b'{"schema": 2}', b'{"schema": 1' + b'0' * 9000 + b'}'],
)  # fmt: skip
def test_other_files(content: bytes, tmp_path: Path) -> None:
    (tmp_path / 'card.json').write_bytes(content)
    with pytest.raises(ValueError, match='is not a valid result card') as error:
        read_card(tmp_path / 'card.json')
    assert '\n' not in str(error.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_other_value_anywhere_is_refused_or_has_its_fingerprint(
    data: st.DataObject, content: dict, tmp_path: Path
) -> None:
    changed = copy.deepcopy(content)
    node = changed
    while True:
        key = data.draw(
            st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node)))
        )
        if not isinstance(node[key], (dict, list)) or not node[key] or data.draw(st.booleans()):
            break
        node = node[key]
    node[key] = data.draw(JSON)
    (tmp_path / 'card.json').write_text(json.dumps(changed))  # what another program may write
    try:
        assert read_card(tmp_path / 'card.json').fingerprint == fingerprint(changed)
    except ValueError as error:
        assert '\n' not in str(error)


@settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_files(data: st.DataObject, content: dict, tmp_path: Path) -> None:
    raw = bytearray(json.dumps(content).encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        raw = raw[:place]
    else:
        raw[place] = data.draw(st.integers(0, 255))
    (tmp_path / 'card.json').write_bytes(bytes(raw))
    try:
        read_card(tmp_path / 'card.json')
    except ValueError as error:
        assert '\n' not in str(error)
