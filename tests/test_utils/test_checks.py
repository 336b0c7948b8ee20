"""Checks that several parts share."""

import pytest

from actionclip_mm.utils import check_positive, check_videos_read


@pytest.mark.parametrize('value', [0, -1, 1.0, '1', None])
def test_not_a_positive_integer(value: object) -> None:
    check_positive(1, 'key')
    with pytest.raises(ValueError, match='key must be a positive integer, got'):
        check_positive(value, 'key')


def test_a_test_that_read_no_video() -> None:
    check_videos_read(2, 1)
    with pytest.raises(ValueError, match='no video to evaluate'):
        check_videos_read(0, 0)
    with pytest.raises(ValueError, match=r'None of the 2 videos could be read \(see x\): check'):
        check_videos_read(2, 2, ' (see x)')
