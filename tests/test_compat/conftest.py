"""Fixes as on a host that none has touched yet."""

from collections.abc import Callable

import pytest

from actionclip_mm.compat import Fix


@pytest.fixture
def apply_again() -> Callable[[Fix], bool]:
    """Function: looks for a breakage again and fixes it; returns whether it was there."""

    def apply(fix: Fix) -> bool:
        fresh = Fix(fix.replace, fix.look)
        fresh()
        return fresh.is_applied

    return apply
