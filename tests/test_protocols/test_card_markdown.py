"""The page of a card says what the card says."""

import pytest

from actionclip_mm.protocols.card import Card, make_card
from actionclip_mm.protocols.card_markdown import to_markdown


def test_the_page(card: Card) -> None:
    page = to_markdown(card)
    assert page.startswith('# zero_shot_ucf101_z3\n')
    assert '| test | top-1 | 60.00 ± 10.00 | 2 |' in page
    assert 'ddof=0' in page and 'INCOMPLETE' not in page
    assert 'split1 test: a.avi\tempty file' in page and 'count as wrong' in page
    assert '- split1 test: 10 listed' in page
    assert card.fingerprint in page
    for section in ('model', 'test', 'text'):
        for value in vars(getattr(card, section)).values():
            if isinstance(value, str) and len(value) < 40:
                assert value in page


def test_an_incomplete_card_says_so_in_bold_at_the_top(sections: dict) -> None:
    sections['runs'][1]['videos']['scored'] = 9
    page = to_markdown(make_card(**sections))
    third = page.splitlines()[2]
    assert third.startswith('**INCOMPLETE: split2 test scored 9 of 10 listed videos')
    assert third.endswith('**')


def test_each_class_and_where_the_scores_are(card: Card) -> None:
    page = to_markdown(card)
    assert '## Each class: top-1 accuracy in %, test' in page
    assert '| class | videos | split1 | split2 |' in page
    assert '| Archery | 10 | 50.0 | 50.0 |' in page
    assert '| a \\| b | 0 | – | – |' in page
    assert f'| split1 | test | split1/test/scores.safetensors | `{"e" * 64}` |' in page


def test_one_run_has_no_spread(sections: dict) -> None:
    sections['statistics'][0]['std'] = None
    assert '| test | top-1 | 60.00 | 2 |' in to_markdown(make_card(**sections))


def test_what_was_tested_stands_in_the_row_of_its_run(sections: dict) -> None:
    sections['runs'][1]['checkpoint_sha256'] = 'e' * 64
    sections['runs'][1]['videos'] = dict(failed=2, scored=9, listed=10)  # in any order
    page = to_markdown(make_card(**sections))
    hashes = f'`{"a" * 12}` | `{"b" * 12}`'
    assert '| classes | listed | scored | failed | labels | test list | checkpoint |' in page
    assert f'| 5 | 10 | 10 | 1 | {hashes} | `{"c" * 12}` |' in page
    assert f'| 5 | 10 | 9 | 2 | {hashes} | `{"e" * 12}` |' in page


@pytest.mark.parametrize(
    ('section', 'key', 'value', 'row'),
    [
        ('test', 'scores', 'similarity', '| scores | similarity |'),
        ('test', 'scores', None, '| scores | as they leave the head |'),
        ('test', 'average_clips', 'max', '| views pooled as | max |'),
        ('model', 'test_scale', 100.0, '| scale at test | 100.0 |'),
        ('model', 'test_scale', None, '| scale at test | the learned one |'),
        ('text', 'context', True, '(2, learned context) |'),
    ],
)
def test_settings_in_words(sections: dict, section: str, key: str, value: object, row: str) -> None:
    sections[section][key] = value
    assert row in to_markdown(make_card(**sections))


@pytest.mark.parametrize(
    ('commit', 'words'),
    [
        (None, 'python 3.11.\n'),
        ('0123456789' * 4, 'python 3.11, commit 012345678901.\n'),
        ('0123456789' * 4 + '-dirty', 'python 3.11, commit 012345678901-dirty.\n'),
    ],
)
def test_the_code_that_made_it(sections: dict, commit: str | None, words: str) -> None:
    sections['made']['git_commit'] = commit
    assert words in to_markdown(make_card(**sections))


def test_bars_in_values_break_no_table(sections: dict) -> None:
    sections['text']['templates'] = ['a | b {}']
    assert 'a \\| b {}' in to_markdown(make_card(**sections))
