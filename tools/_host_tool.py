"""Runs a tool that mmaction2's package carries, with this plugin registered beforehand."""

import difflib
import importlib
import importlib.util
import runpy
import shlex
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType

from _entry import is_first_process

ROOT = Path(__file__).resolve().parents[1]
CALL = list(sys.argv)  # the host's tool sees its own


def run_host_tool(name: str) -> None:
    """Run one of mmaction2's tools as the main program, with the arguments of this one.

    Args:
        name: As in :func:`find_host_tool`.

    Raises:
        FileNotFoundError: The installed mmaction2 carries no such tool.
        ValueError: Several tools have that name.
        SystemExit: The tool cannot work here, with the reason.
    """
    sys.path.append(str(ROOT))  # a checkout that was not installed
    importlib.import_module('actionclip_mm').register_all()
    importlib.import_module('actionclip_mm.host_tools').apply()
    tools = importlib.import_module('actionclip_mm.host_tools.scripts')
    place = find_host_tool(name)
    reason = tools.why_it_cannot_run(place.stem)
    if reason:
        raise SystemExit(f"mmaction2's {place.stem} cannot run here: {reason}.")
    tools.pickles_without_code()
    sys.argv[0] = str(place)
    runs = importlib.import_module('actionclip_mm.engine.runs')
    alone = place.stem == 'train' and is_first_process()
    with runs.exclusive_work_dirs(['python', *CALL]) if alone else nullcontext():
        _run(tools, place)
    runs.leave_process_group()


def _run(tools: ModuleType, place: Path) -> None:
    folder = next(folder for folder in host_tools() if place.is_relative_to(folder))
    with tools.imports_of_the_host(folder, place):
        if place.stem not in tools.MENDS:
            runpy.run_path(str(place), run_name='__main__')
            return
        spec = importlib.util.spec_from_file_location(place.stem, place)
        assert spec is not None and spec.loader is not None  # it is a Python file
        module = importlib.util.module_from_spec(spec)
        tools.before_import(place.stem)
        spec.loader.exec_module(module)
        tools.MENDS[place.stem](module)
        module.main()


def kept_of_training() -> str:
    """What is left of a training that was stopped, and how to go on."""
    runs = sys.modules.get('actionclip_mm.engine.runs')
    checkpoint = runs and runs.newest_checkpoint()
    command = shlex.join(['python', *CALL])
    if not checkpoint:
        return f'there is no checkpoint yet; to start anew: {command}'
    resume = '' if '--resume' in CALL else ' --resume'
    return f'{checkpoint} is kept; to go on: {command}{resume}'


def find_host_tool(name: str) -> Path:
    """The file of a tool.

    Args:
        name: File name with or without ``.py``, such as 'get_flops'; with its folder where several
            tools have that name ('data/gym/download').

    Raises:
        FileNotFoundError: The installed mmaction2 carries no such tool.
        ValueError: Several tools have that name.
    """
    wanted = Path(name).with_suffix('.py')
    tools = host_tools()
    for folder, files in tools.items():
        if wanted in files:
            return folder / wanted
    found = [folder / file for folder, files in tools.items() for file in files]
    found = [file for file in found if file.name == wanted.name and len(wanted.parts) == 1]
    if len(found) == 1:
        return found[0]
    if found:
        folders = ', '.join(f'{file.parent.name}/{wanted.stem}' for file in found)
        raise ValueError(f'mmaction2 has several tools {wanted.stem}: give one of {folders}.')
    stems = {file.stem for files in tools.values() for file in files}
    close = difflib.get_close_matches(wanted.stem, sorted(stems))
    advice = f'did you mean {" or ".join(close)}?' if close else '--list names those it carries'
    places = ', '.join(map(str, _places()))
    raise FileNotFoundError(f'mmaction2 carries no tools/{wanted} (looked at {places}): {advice}')


def host_tools() -> dict[Path, list[Path]]:
    """The Python files below each folder of tools that mmaction2 carries, relative to it."""
    return {
        folder: sorted(file.relative_to(folder) for file in folder.rglob('*.py'))
        for folder in _places()
        if folder.is_dir() and folder.resolve() != ROOT / 'tools'
    }


def _places() -> list[Path]:
    import mmaction

    package = Path(mmaction.__file__).parent
    # in the wheel; in an editable install from mmaction2's sources
    return [package / '.mim' / 'tools', package.parent / 'tools']
