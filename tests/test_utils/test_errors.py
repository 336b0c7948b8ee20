"""Errors of others inside a sentence of ours."""

import pytest

from actionclip_mm.utils import first_line


@pytest.mark.parametrize(
    ('error', 'said'),
    [
        (ValueError('one\ntwo'), 'one'),
        (RuntimeError('\n one'), 'one'),
        (OSError(), 'OSError'),  # says nothing
        (KeyError('place'), 'KeyError'),  # says a key alone, in quotes
    ],
)
def test_first_line(error: Exception, said: str) -> None:
    assert first_line(error) == said
