"""Cards: what they refuse, what changes their fingerprint, and what a broken file costs."""

import copy
import json
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actionclip_mm.protocols.card import fingerprint, is_complete, make_card, read_card, write_card


def test_what_is_written_is_read(card: dict, tmp_path: Path) -> None:
    write_card(card, tmp_path / 'new' / 'card.json')
    assert read_card(tmp_path / 'new' / 'card.json') == card


def test_fingerprint_is_that_of_the_result(sections: dict, card: dict) -> None:
    """Where and when it was made changes nothing, any other section does."""
    sections['made'] |= dict(processes=2, date='2027-01-01', seconds=9.0)
    assert make_card(**sections)['fingerprint'] == card['fingerprint']
    for section, key in (('test', 'frames'), ('text', 'num_templates')):
        other = copy.deepcopy(sections)
        other[section][key] += 1
        assert make_card(**other)['fingerprint'] != card['fingerprint']
    sections['runs'][0]['metrics']['acc/top1'] += 1e-9
    assert make_card(**sections)['fingerprint'] != card['fingerprint']


def test_complete(sections: dict) -> None:
    assert is_complete(make_card(**sections))  # a failed video was scored: as wrong
    sections['runs'][1]['videos']['scored'] = 9
    assert not is_complete(make_card(**sections))


def test_numpy_numbers_become_plain(sections: dict) -> None:
    import numpy as np

    sections['statistics'][0]['mean'] = np.float64(0.25)
    sections['runs'][0]['seed'] = np.int64(3)
    card = make_card(**sections)
    assert type(card['runs'][0]['seed']) is int and card['statistics'][0]['mean'] == 0.25


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda c: c.pop('text'), 'lacks text'),
        (lambda c: c.update(extra=1), 'unknown extra'),
        (lambda c: c['test'].update(frames='8'), "test.frames is '8' but must be a whole number"),
        (lambda c: c['test'].update(frames=True), 'whole number'),
        (lambda c: c['test'].update(frames=-1), 'whole number'),
        (lambda c: c.update(runs=[]), 'no runs'),
        (lambda c: c.update(statistics={}), 'must be a list'),
        (lambda c: c['runs'][0]['metrics'].update({'acc/top1': math.inf}), 'finite'),
        (lambda c: c['runs'][0]['videos'].update(scored=11), 'more videos than are listed'),
        (lambda c: c.update(protocol=None), 'must be an object'),
    ],
)
def test_broken_cards_are_one_sentence(change, words: str, card: dict, tmp_path: Path) -> None:
    change(card)
    card['fingerprint'] = 'x'
    (tmp_path / 'card.json').write_text(json.dumps(card))
    words = 'Infinity is no number' if words == 'finite' else words
    with pytest.raises(ValueError, match=words) as error:
        read_card(tmp_path / 'card.json')
    assert '\n' not in str(error.value) and 'is no valid result card' in str(error.value)


def test_an_edited_number_is_found(card: dict, tmp_path: Path) -> None:
    card['statistics'][0]['mean'] = 0.99
    write_card(card, tmp_path / 'card.json')
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
    with pytest.raises(ValueError, match='is no (valid )?result card') as error:
        read_card(tmp_path / 'card.json')
    assert '\n' not in str(error.value)


QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
    data: st.DataObject, card: dict, tmp_path: Path
) -> None:
    changed = copy.deepcopy(card)
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
        assert read_card(tmp_path / 'card.json')['fingerprint'] == fingerprint(changed)
    except ValueError as error:
        assert '\n' not in str(error)


@settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_files(data: st.DataObject, card: dict, tmp_path: Path) -> None:
    raw = bytearray(json.dumps(card).encode())
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
