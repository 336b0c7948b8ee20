"""Find the tools that mmaction2 carries, and read their options, without importing mmaction2."""

import argparse
import ast
import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..compat.fixes import host_folder
from ..utils.carried_files import carried

_TYPES = {'int': int, 'float': float, 'str': str}
_ACTIONS = {'DictAction': 'append'}  # of mmengine, which the tool applies itself


def find_host_tool(name: str) -> Path:
    """Path of a tool.

    Args:
        name: File name with or without ``.py``, such as 'get_flops'; with its folder if several
            tools have that name ('data/gym/download').

    Raises:
        FileNotFoundError: The installed mmaction2 has no such tool.
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
    advice = f'did you mean {" or ".join(close)}?' if close else '--list names all tools'
    places = ', '.join(map(str, _places()))
    raise FileNotFoundError(f'mmaction2 has no tools/{wanted} (looked in {places}): {advice}')


def host_tools() -> dict[Path, list[Path]]:
    """Python files in each of mmaction2's folders of tools, relative to it."""
    ours = carried('tools').resolve()
    return {
        folder: sorted(file.relative_to(folder) for file in folder.rglob('*.py'))
        for folder in _places()
        if folder.is_dir() and folder.resolve() != ours
    }


def add_host_options(
    parser: argparse.ArgumentParser, tool: Path, types: Mapping[str, Callable[[str], Any]]
) -> None:
    """Add the options of a tool to a parser, read from its source.

    For help and for refusing wrong calls early; the tool parses its arguments itself.

    Args:
        parser: Gets the options.
        tool: A script of mmaction2.
        types: Stricter types by the name of an argument.
    """
    for node in ast.walk(ast.parse(tool.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == 'parser.add_argument':
            names = [ast.literal_eval(argument) for argument in node.args]
            options = {str(each.arg): _literal(each.value) for each in node.keywords}
            if names[0] in types:
                options['type'] = types[names[0]]
            parser.add_argument(*names, **{k: v for k, v in options.items() if v is not ...})


def _literal(node: ast.expr) -> Any:
    """Value of an argument; ``...`` if only running the tool tells it."""
    if isinstance(node, ast.Name):
        return _TYPES.get(node.id) or _ACTIONS.get(node.id, ...)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ...


def _places() -> list[Path]:
    # in the wheel; in an editable install from mmaction2's sources
    return [host_folder('mmaction', '.mim', 'tools'), host_folder('mmaction').parent / 'tools']
