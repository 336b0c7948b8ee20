"""Run a tool that mmaction2 carries, with this package registered."""

import importlib.util
import runpy
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from .. import register_all
from ..utils import UserError
from .finding import find_host_tool, host_tools


def run_host_tool(name: str, argv: Sequence[str], lock: Sequence[str] | None = None) -> None:
    """Run one of mmaction2's tools as the main program.

    Args:
        name: As in :func:`find_host_tool`.
        argv: Arguments of the tool.
        lock: Command line of a run that needs its work dir for itself. Defaults to None, no lock.

    Raises:
        FileNotFoundError: The installed mmaction2 has no such tool.
        ValueError: Several tools have that name.
        SystemExit: The tool cannot work here, or a :class:`UserError` ended it.
    """
    place = find_host_tool(name)
    register_all()
    from ..engine import runs
    from . import apply, scripts

    apply()
    reason = scripts.why_it_cannot_run(place.stem)
    if reason:
        raise SystemExit(f"mmaction2's {place.stem} cannot run here: {reason}.")
    scripts.load_pickles_without_code()
    sys.argv[:] = [str(place), *argv]
    try:
        with runs.exclusive_work_dirs(lock) if lock else nullcontext():
            _run(place)
    except UserError as error:
        raise SystemExit(f'Error: {error}') from None
    runs.leave_process_group()


def _run(place: Path) -> None:
    from . import scripts

    folder = next(folder for folder in host_tools() if place.is_relative_to(folder))
    with scripts.host_imports(folder, place):
        if place.stem not in scripts.PATCHES:
            runpy.run_path(str(place), run_name='__main__')
            return
        spec = importlib.util.spec_from_file_location(place.stem, place)
        assert spec is not None and spec.loader is not None  # it is a Python file
        module = importlib.util.module_from_spec(spec)
        scripts.stub_optional_imports(place.stem)
        spec.loader.exec_module(module)
        scripts.PATCHES[place.stem](module)
        module.main()
