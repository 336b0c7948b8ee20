"""Sentences per class: templates filled, descriptions from files, classes without sentences."""

import json

import pytest

from actionclip_mm.models.text import fill_prompts, read_prompts

LABELS = ('arm wrestling', 'brush hair')


def test_templates_are_filled_per_class():
    assert fill_prompts(LABELS, read_prompts(['{}', 'a {}'])) == [
        ['arm wrestling', 'a arm wrestling'],
        ['brush hair', 'a brush hair'],
    ]


def test_braces_of_a_label_are_kept():
    assert fill_prompts(('{odd}',), ('a {}',)) == [['a {odd}']]


DESCRIPTIONS = {
    'BrushHair': 'Someone holds a brush.',
    'arm wrestling': ['Two hands', '{} at a bar'],
}


@pytest.mark.parametrize('suffix', ['json', 'yaml'])
def test_descriptions_by_class(tmp_path, suffix):
    path = tmp_path / f'descriptions.{suffix}'
    path.write_text(json.dumps(DESCRIPTIONS))  # JSON is YAML too
    expected = [['Two hands', 'arm wrestling at a bar'], ['Someone holds a brush.']]
    assert fill_prompts(LABELS, read_prompts(str(path))) == expected
    assert fill_prompts(LABELS, read_prompts(DESCRIPTIONS)) == expected


def test_a_json_list_is_a_list_of_templates(tmp_path):
    (tmp_path / 'templates.json').write_text('["a {}"]')
    assert read_prompts(str(tmp_path / 'templates.json')) == ('a {}',)


def test_a_class_without_sentences():
    with pytest.raises(ValueError, match=r"1 of 3 classes have no sentences, the first is 'jump'"):
        fill_prompts((*LABELS, 'jump'), read_prompts(DESCRIPTIONS))


def test_described_classes_without_a_label_are_named(monkeypatch):
    said = []
    monkeypatch.setattr(
        'actionclip_mm.models.text.class_sentences.print_log',
        lambda message, *args: said.append(message),
    )
    fill_prompts(LABELS, read_prompts(DESCRIPTIONS))
    assert not said
    fill_prompts(LABELS[:1], read_prompts(DESCRIPTIONS))
    assert len(said) == 1 and '1 described classes' in said[0] and "'brush hair'" in said[0]


@pytest.mark.parametrize(
    'name, content, error, words',
    [
        ('a.json', '{', ValueError, 'is not valid JSON'),
        ('a.yaml', 'a: [', ValueError, 'is not valid YAML'),
        ('a.json', '3', ValueError, 'must hold {class: .sentences.}'),
        ('a.json', '{}', ValueError, 'hold no class'),
        ('a.json', '{"a": []}', ValueError, "'a' has no sentences"),
        ('a.json', '{"a": ["b", ""]}', ValueError, 'or an empty one'),
        ('a.json', '{"a b": ["c"], "a_b": ["d"]}', ValueError, "class 'a_b' twice"),
        ('a.json', '{"a": ["c"], "a": ["d"]}', ValueError, "class 'a' twice"),
        ('a.yaml', 'a: [c]\nb: [c]\na: [d]', ValueError, "class 'a' twice"),
        ('a.json', '{"a": 3}', ValueError, "'a' has no sentences"),
        ('a.json', None, FileNotFoundError, 'no file of descriptions'),
    ],
)
def test_bad_files(tmp_path, name, content, error, words):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(error, match=words):
        read_prompts(str(tmp_path / name))
