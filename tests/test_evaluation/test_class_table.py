"""The table of classes: there and back, and what it refuses."""

import math

import numpy as np
import pytest

from actionclip_mm.evaluation import (
    ClassPrecision,
    ClassRow,
    class_rows,
    read_class_rows,
    write_class_rows,
)

PRECISION = ClassPrecision(np.array([0.25, math.nan, 1 / 3]), np.array([4, 0, 1]), 5, 0)
NAMES = ['put a cup, or glass', 'say "hello"', 'Öffnen']


@pytest.mark.parametrize('suffix', ['csv', 'json'])
def test_there_and_back(tmp_path, suffix):
    path = tmp_path / 'new' / f'classes.{suffix}'
    rows = class_rows(PRECISION, NAMES)
    write_class_rows(rows, path)
    found = read_class_rows(path)
    assert str(found) == str(rows)  # NaN is not equal to itself
    assert found[2] == ClassRow(2, 'Öffnen', 1, 1 / 3)


def test_classes_have_numbers_for_names():
    assert class_rows(PRECISION)[1].name == 'class 1'
    with pytest.raises(ValueError, match='3 class names are needed, got 2'):
        class_rows(PRECISION, NAMES[:2])


@pytest.mark.parametrize('suffix', ['csv', 'json'])
def test_rows_come_back_in_the_order_of_ids(tmp_path, suffix):
    """Whatever their order in the file: charades_ap.py writes the best class first."""
    path = tmp_path / f'classes.{suffix}'
    rows = class_rows(PRECISION, NAMES)
    write_class_rows([rows[2], rows[0], rows[1]], path)
    assert str(read_class_rows(path)) == str(rows)


HEADER = 'class_id,name,positives,ap\n'


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('a.csv', 'id,name\n0,run\n'),
        ('a.csv', HEADER + '0,run\n'),
        ('a.csv', HEADER + 'x' * 200_000),
        ('b.json', '[1]'),
        ('b.json', '5'),
        ('b.json', '{'),
        ('b.json', '[' * 100_000),
        ('b.json', '[{"class_id": 1e999, "name": "run", "positives": 1, "ap": 1}]'),
        ('b.json', '\udcff'),
    ],
)
def test_refuses_other_content(tmp_path, name, content):
    (tmp_path / name).write_bytes(content.encode(errors='surrogateescape'))
    with pytest.raises(ValueError, match=f"{name}' is not a class table") as error:
        read_class_rows(tmp_path / name)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('rows', ['', '1,run,2,0.5\n', '0,run,2,0.5\n' * 2])
def test_refuses_a_part_of_a_table(tmp_path, rows):
    (tmp_path / 'a.csv').write_text(HEADER + rows)
    with pytest.raises(ValueError, match=r"classes in '.*a.csv' are not 0, 1, 2 and so on"):
        read_class_rows(tmp_path / 'a.csv')


def test_refuses_other_files(tmp_path):
    with pytest.raises(ValueError, match='must end in .csv or .json'):
        write_class_rows([], tmp_path / 'classes.txt')
    with pytest.raises(FileNotFoundError, match='There is no table'):
        read_class_rows(tmp_path / 'classes.csv')
