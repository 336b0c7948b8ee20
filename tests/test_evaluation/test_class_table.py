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
    with pytest.raises(ValueError, match='2 class names came for scores of 3 classes'):
        class_rows(PRECISION, NAMES[:2])


def test_refuses_other_files(tmp_path):
    with pytest.raises(ValueError, match='says no format'):
        write_class_rows([], tmp_path / 'classes.txt')
    with pytest.raises(FileNotFoundError, match='There is no table'):
        read_class_rows(tmp_path / 'classes.csv')
    for name, text in (('a.csv', 'id,name\n0,run\n'), ('b.json', '[1]'), ('c.json', '{')):
        (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match='is no table of classes') as error:
            read_class_rows(tmp_path / name)
        assert '\n' not in str(error.value)
