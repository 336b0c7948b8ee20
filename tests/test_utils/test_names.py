"""The first few of many names."""

import pytest

from actionclip_mm.utils import list_names


@pytest.mark.parametrize(
    ('names', 'most', 'said'),
    [
        ([], 5, ''),
        (['a', 'b'], 2, 'a, b'),
        (['a', 'b', 'c'], 2, 'a, b and 1 more'),
        (['a', 'b', 'c'], 1, 'a and 2 more'),
    ],
)
def test_first_names_and_how_many_more(names: list[str], most: int, said: str) -> None:
    assert list_names(names, most) == said
