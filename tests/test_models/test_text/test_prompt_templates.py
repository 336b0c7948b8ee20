"""Templates: the presets and what is refused."""

import pytest

from actionclip_mm.models.text import PRESETS, read_templates


@pytest.mark.parametrize('name', sorted(PRESETS))
def test_presets_hold_one_place_each(name):
    templates = read_templates(name)
    assert len(set(templates)) == len(templates)
    assert all(template.count('{}') == 1 for template in templates)


def test_released_templates_keep_their_order():
    templates = PRESETS['actionclip16']
    assert len(templates) == 16
    assert templates[0] == 'a photo of action {}'
    assert templates[7] == '{}'
    assert templates[15] == 'The woman is {}'


def test_groups_by_the_place_of_the_label():
    assert all(template.startswith('{}') for template in PRESETS['prefix'])
    assert all(template.endswith('{}') for template in PRESETS['suffix'])
    assert not any(t.startswith('{}') or t.endswith('{}') for t in PRESETS['cloze'][:2])
    assert PRESETS['actionclip18'][:16] == PRESETS['actionclip16']
    assert [len(PRESETS[name]) for name in ('actionclip18', 'openai_imagenet')] == [18, 80]


def test_list_and_file(tmp_path):
    path = tmp_path / 'templates.txt'
    path.write_text('a {}\n\n{} b\n', encoding='utf-8-sig')
    assert read_templates(str(path)) == read_templates(['a {}', '{} b']) == ('a {}', '{} b')


@pytest.mark.parametrize(
    'templates, error, words',
    [
        ([], ValueError, 'must not be empty'),
        (['a video'], ValueError, "'a video' must hold {} exactly once"),
        (['{} and {}'], ValueError, 'exactly once'),
        ([3], ValueError, 'exactly once'),
        (3, TypeError, 'templates=3 must be a list, a preset or a file'),
        ('actionclip99', FileNotFoundError, 'neither a preset .*actionclip16.* nor a file'),
    ],
)
def test_bad_templates_are_refused(templates, error, words):
    with pytest.raises(error, match=words):
        read_templates(templates)


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / 'templates.txt').write_bytes(b'\xff\xfe{}')
    with pytest.raises(ValueError, match='is not UTF-8 text'):
        read_templates(str(tmp_path / 'templates.txt'))
