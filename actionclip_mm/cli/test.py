"""Test a checkpoint of a config: mmaction2's tools/test.py with this package registered."""

import sys
from collections.abc import Sequence

from .train import check_call


def main(argv: Sequence[str] | None = None) -> None:
    """Check the call, then run mmaction2's tool with the same arguments."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    check_call('test', __doc__, arguments)
    from ..host_tools.running import run_host_tool

    run_host_tool('test', arguments)
