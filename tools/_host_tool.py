"""Runs a tool that mmaction2's package carries, with this plugin registered beforehand."""

import importlib
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run_host_tool(name: str) -> None:
    """Run mmaction2's ``tools/<name>`` as the main program, with the arguments of this one.

    Args:
        name: file name, such as 'train.py'.

    Raises:
        FileNotFoundError: the installed mmaction2 carries no such tool.
    """
    sys.path.append(str(ROOT))  # a checkout that was not installed
    importlib.import_module('actionclip_mm')  # registers the components and mends the hosts
    import mmaction

    package = Path(mmaction.__file__).parent
    # in the wheel; in an editable install from mmaction2's sources
    places = [package / '.mim' / 'tools' / name, package.parent / 'tools' / name]
    for place in places:
        if place.is_file() and place.resolve() != ROOT / 'tools' / name:
            sys.argv[0] = str(place)
            runpy.run_path(str(place), run_name='__main__')
            return
    raise FileNotFoundError(
        f'mmaction2 carries no tools/{name} (looked at {", ".join(map(str, places))}): '
        'install mmaction2 from its wheel or from its sources'
    )
