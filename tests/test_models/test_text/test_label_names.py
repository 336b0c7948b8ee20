"""Class names: splitting joined words, reading files, refusing what cannot be a list of classes."""

import pytest

from actionclip_mm.models.text import read_labels, split_name


@pytest.mark.parametrize(
    'joined, words',
    [
        ('ApplyEyeMakeup', 'apply eye makeup'),
        ('brush_hair', 'brush hair'),
        ('YoYo', 'yo yo'),
        ('TaiChi', 'tai chi'),
        ('HTMLPage', 'html page'),
        ('arm wrestling', 'arm wrestling'),
        ('playing Scrabble', 'playing Scrabble'),
        ('situp', 'situp'),
        ('  two   spaces ', 'two spaces'),
        ('Knitting', 'Knitting'),
    ],
)
def test_split_name(joined, words):
    assert split_name(joined) == words


def test_splitting_can_be_switched_off():
    assert read_labels(['ApplyEyeMakeup'], split_names=False) == ('ApplyEyeMakeup',)


@pytest.mark.parametrize(
    'name, text',
    [
        ('labels.txt', 'abseiling\nbrush_hair\n'),
        ('labels.json', '["abseiling", "brush_hair"]'),
        ('labels.csv', 'id,name\n1,brush_hair\n0,abseiling\n'),
        ('bom.txt', '\ufeffabseiling\nbrush_hair'),
    ],
)
def test_files_give_names_in_id_order(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding='utf-8')
    assert read_labels(str(tmp_path / name)) == ('abseiling', 'brush hair')


@pytest.mark.parametrize(
    'labels, error, words',
    [
        ([], ValueError, 'no class names'),
        (['a', ' '], ValueError, 'Label 1 of labels is empty'),
        (['a', 'b', 'a'], ValueError, "Labels 0 and 2 of labels are both 'a'"),
        (['brush_hair', 'BrushHair'], ValueError, "both 'brush hair'"),
        (['Archery', 'archery'], ValueError, "are 'Archery' and 'archery', read alike: names must"),
        (['a', 3], TypeError, 'Label 1 of labels is 3'),
        (3, TypeError, 'labels=3 is no list of names and no path'),
        ('nowhere.txt', FileNotFoundError, "no label file 'nowhere.txt'"),
    ],
)
def test_bad_lists_are_refused(labels, error, words):
    with pytest.raises(error, match=words):
        read_labels(labels)


def test_unsplit_names_must_differ_in_more_than_case_and_spaces():
    with pytest.raises(ValueError, match="are 'a  B' and 'a b', read alike"):
        read_labels(['a  B', 'a b'], split_names=False)


@pytest.mark.parametrize(
    'name, content, words',
    [
        ('empty.txt', b'', 'no class names'),
        ('gap.txt', b'a\n\nb\n', 'Label 1 .* is empty'),
        ('latin.txt', 'Bügeln'.encode('latin-1'), 'not UTF-8'),
        ('map.json', b'{"a": 0}', 'no JSON list'),
        ('broken.json', b'[', 'cannot be read as JSON'),
        ('columns.csv', b'number,label\n0,a\n', 'columns id and name'),
        ('twice.csv', b'id,name\n0,a\n0,b\n1,c\n', 'once each'),
    ],
)
def test_bad_files_are_refused(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=words):
        read_labels(str(tmp_path / name))
