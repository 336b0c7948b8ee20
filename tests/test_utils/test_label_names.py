"""Class names: splitting joined words, reading files, refusing what cannot be a list of classes."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionclip_mm.models.text import read_labels, split_name
from actionclip_mm.utils import normalize_name

DATA = Path(__file__).resolve().parents[1] / 'data'


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
        ('3DPrinting', '3d printing'),
        ('3D printing', '3D printing'),
        ('3D', '3D'),
        ('MP3Player', 'mp3 player'),
        ('2PointShot', '2 point shot'),
        ('\ufeffBrushHair\u200b', 'brush hair'),
        ('brush\xa0hair', 'brush hair'),
    ],
)
def test_split_name(joined, words):
    assert split_name(joined) == words


def test_published_names_split_as_ever():
    """All of UCF101 and HMDB51, as weights that were trained with the split names expect."""
    golden = json.loads((DATA / 'split_names.json').read_text())
    assert len(golden) == 101 + 51
    assert {name: split_name(name) for name in golden} == golden


WORD = st.from_regex(r'[A-Z][a-z]{1,8}', fullmatch=True)


@given(st.lists(WORD, min_size=2, max_size=5))
def test_camel_case_becomes_its_words(words):
    assert split_name(''.join(words)) == ' '.join(words).lower()
    assert split_name('_'.join(words)) == ' '.join(words)


@given(st.text(max_size=30))
def test_splitting_loses_nothing_and_ends(name):
    split = split_name(name)
    assert normalize_name(split) == normalize_name(name)
    assert split_name(split) == split


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
        (['a', '\u200b'], ValueError, 'Label 1 of labels is empty'),
        (['a', '\ufeff\xa0\u2060'], ValueError, 'Label 1 of labels is empty'),
        (['a', '\u3164'], ValueError, 'Label 1 of labels is empty'),
        (['clap', 'cl\u200bap'], ValueError, 'read alike'),
        (['a', 'b', 'a'], ValueError, "Labels 0 and 2 of labels are both 'a'"),
        (['brush_hair', 'BrushHair'], ValueError, "both 'brush hair'"),
        (['Archery', 'archery'], ValueError, "are 'Archery' and 'archery', read alike: names must"),
        (['a', 3], TypeError, 'Label 1 of labels is 3'),
        (3, TypeError, 'labels=3 must be a list of names or a path'),
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
        ('gaps.json', b'{"a": 0, "b": 2}', 'once each'),
        ('broken.json', b'[', 'is not valid JSON'),
        ('columns.csv', b'number,label\n0,a\n', 'columns id and name'),
        ('twice.csv', b'id,name\n0,a\n0,b\n1,c\n', 'once each'),
    ],
)
def test_bad_files_are_refused(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=words):
        read_labels(str(tmp_path / name))


NAMES = ('apply eye makeup', 'archery', 'brush hair', 'clap', 'yo yo')
JOINED = ('ApplyEyeMakeup', 'archery', 'brush_hair', 'clap', 'YoYo')
FORMS = {
    'space': '{id} {name}',
    'tab': '{id}\t{name}',
    'comma': '{id},{name}',
    'dot': '{id}. {name}',
    'colon': '{id}: {name}',
    'bracket': '({id}) {name}',
    'charades': 'c{id:03} {name}',
    'ntu': 'A{id}. {name}',
    'behind': '{name} {id}',
    'behind, comma': '{name},{id}',
    'behind, tab': '{name}\t{id}',
}


@pytest.mark.parametrize('order', [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 0, 4, 1, 3)])
@pytest.mark.parametrize('first', [0, 1])
@pytest.mark.parametrize('form', FORMS.values(), ids=FORMS)
def test_numbered_files_are_read_by_their_ids(tmp_path, form, first, order, log):
    path = tmp_path / 'labels.txt'
    path.write_text('\n'.join(form.format(id=first + i, name=JOINED[i]) for i in order))
    assert read_labels(str(path)) == NAMES
    assert f'a number from {first} to {first + 4}: these are read as class ids' in log()
    path.write_text('\r'.join(form.format(id=first + i, name=JOINED[i]) for i in order) + '\r')
    assert read_labels(str(path)) == NAMES


@pytest.mark.parametrize(
    'name, text',
    [
        ('labels.csv', 'ID, Name\n2,YoYo\n1,clap\n'),
        ('labels.csv', '1,YoYo\n0,clap\n'),
        ('labels.csv', 'YoYo,2\nclap,1\n'),
        ('labels.csv', 'id;name\n0;clap\n1;YoYo\n'),
        ('labels.csv', 'split,name,id\ntrain,YoYo,1\ntrain,clap,0\n'),
        ('labels.CSV', 'id,name\n1,"YoYo"\n0,clap\n\n'),
        ('labels.tsv', 'id\tname\n1\tYoYo\n0\tclap\n'),
        ('labels.txt', '\ufeffid,name\n1,YoYo\n0,clap\n'),
        ('labels.json', '{"0": "clap", "1": "YoYo"}'),
        ('labels.json', '{"YoYo": "1", "clap": "0"}'),
        ('labels.json', '{"YoYo": 2, "clap": 1}'),
    ],
)
def test_tables_of_ids_and_names(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert read_labels(str(tmp_path / name)) == ('clap', 'yo yo')


@pytest.mark.parametrize(
    'names',
    [
        ('3D printing', 'archery', '2 point shot'),
        ('1 point shot', '2 point shot', '3 point shot'),
        ('1 finger', '2 fingers', '3 fingers', '4 fingers'),
        ('level 1', 'level 2', 'level 3'),
        ('100 m sprint', 'long jump', '200 m sprint', '400 m hurdles'),
        ('2 point shot', '3 point shot', 'free throw', 'rebound', 'steal'),
        ('0 clap',),
        ('formula 1', 'archery'),
    ],
)
def test_names_with_numbers_of_their_own_stay_as_they_are(tmp_path, names):
    (tmp_path / 'labels.txt').write_text('\n'.join(names))
    assert read_labels(str(tmp_path / 'labels.txt')) == names
    (tmp_path / 'labels.json').write_text(json.dumps(names))
    assert read_labels(str(tmp_path / 'labels.json')) == names
    assert read_labels(names) == names


def test_numbers_in_a_list_belong_to_the_names():
    assert read_labels(['2 clap', '1 wave']) == ('2 clap', '1 wave')


@pytest.mark.parametrize(
    'lines, words',
    [
        ([(0, 'a'), (2, 'b'), (3, 'c')], r'not 0, 1, 2, .* \(after 0 comes 2\): .* a .json list'),
        ([(1, 'a'), (1, 'b'), (2, 'c')], r'\(after 1 comes 1\)'),
        ([(17, 'abseiling'), (230, 'juggling'), (399, 'zumba')], r'\(after 17 comes 230\)'),
    ],
)
@pytest.mark.parametrize('form', ['{0} {1}', '{1} {0}'])
def test_ids_that_are_not_one_each_are_refused(tmp_path, lines, words, form):
    (tmp_path / 'labels.txt').write_text('\n'.join(form.format(*line) for line in lines))
    with pytest.raises(ValueError, match=words):
        read_labels(str(tmp_path / 'labels.txt'))


def test_one_line_without_an_id(tmp_path):
    rows = [f'{i} name {chr(97 + i)}' for i in range(12)]
    (tmp_path / 'labels.txt').write_text('\n'.join([*rows[:5], 'archery', *rows[6:]]))
    with pytest.raises(ValueError, match="11 of 12 lines of .* a class id but 'archery' does not"):
        read_labels(str(tmp_path / 'labels.txt'))


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        (
            '"0","clap"\n"1","wave"\n',
            r"ids in .* are in quotes \('\"0\",\"clap\"'\): remove the quotes",
        ),
        ("'1' clap\n'2' wave\n", 'are in quotes'),
        ('"clap" "1"\n"wave" "2"\n', 'are in quotes'),
        ('1 clap\n2 wave\nrun\n4 sit\n', "3 of 4 lines of .* begin with a class id but 'run'"),
        ('clap 0\nwave 1\nrun\nsit\n', "2 of 4 lines of .* end with a class id but 'run'"),
        ('-1 background\n0 clap\n1 wave\n', 'are not 0, 1, 2, … or 1, 2, 3'),
        ('background -1\nclap 0\nwave 1\n', 'are not 0, 1, 2, … or 1, 2, 3'),
        ('-1, background\n0, clap\n1, wave\n', 'are not 0, 1, 2, … or 1, 2, 3'),
    ],
)
def test_ids_that_would_be_read_as_names_are_refused(tmp_path, text, words):
    (tmp_path / 'labels.txt').write_text(text)
    with pytest.raises(ValueError, match=words):
        read_labels(str(tmp_path / 'labels.txt'))


def test_a_few_numbers_in_a_row_are_logged(tmp_path, log):
    names = ('1 on 1', '2 step', 'archery', 'run', 'sit')
    (tmp_path / 'labels.txt').write_text('\n'.join(names))
    assert read_labels(str(tmp_path / 'labels.txt')) == names
    assert '2 of 5 lines of ' in log() and 'read as parts of the names' in log()


def test_quoted_ids_of_a_table_are_read(tmp_path):
    (tmp_path / 'labels.csv').write_text('"1","wave"\n"0","clap"\n')
    assert read_labels(str(tmp_path / 'labels.csv')) == ('clap', 'wave')


def test_a_list_of_videos_is_not_a_list_of_names(tmp_path):
    (tmp_path / 'val.txt').write_text('v/a.mp4 0\nv/b.mp4 1\n')
    with pytest.raises(ValueError, match=r"is a list of videos \('v/a.mp4 0'\)"):
        read_labels(str(tmp_path / 'val.txt'))


def test_a_published_list_may_hold_a_name_twice(tmp_path, log):
    """Gym99's does: 99 ids, 98 names."""
    names = [f'element {chr(97 + i // 26)}{chr(97 + i % 26)}' for i in range(98)] + ['element ab']
    (tmp_path / 'gym99.txt').write_text('\n'.join(names))
    assert read_labels(str(tmp_path / 'gym99.txt')) == read_labels(names) == tuple(names)
    assert "Labels 1 and 98 of labels are both 'element ab': both ids are kept" in log()
    (tmp_path / 'gym99.txt').write_text('\n'.join(f'{i} {n}' for i, n in enumerate(names)))
    assert read_labels(str(tmp_path / 'gym99.txt')) == tuple(names)
    with pytest.raises(ValueError, match='names must differ'):
        read_labels(names[:3] * 2)


@pytest.mark.parametrize('line', ['{0}={1}', '{0}|{1}', '{0} - {1}', '{1}=  {0}', '{1} -> {0}'])
def test_signs_between_id_and_name(line: str, tmp_path: Path) -> None:
    path = tmp_path / 'labels.txt'
    path.write_text('\n'.join(line.format(i, n) for i, n in ((1, 'ride bike'), (0, 'clap'))))
    assert read_labels(str(path)) == ('clap', 'ride bike')
