"""Prepare pages that are read: fill in generated text, and offer files outside docs as downloads.

``<!-- generated: commands -->`` is replaced by the help of every command, and ``<!-- generated:
MODELS -->`` by the components of that registry with their config keys.
"""

import io
import re
from contextlib import redirect_stdout, suppress
from importlib import import_module
from pathlib import Path

from sphinx.application import Sphinx

PLACE = re.compile(r'<!-- generated: (\w+) -->')
OUTSIDE = re.compile(r'\]\(((?:\.\./)+[^)#\s]+)(?:#[^)\s]*)?\)')


def commands() -> str:
    """Help text of every command of ``actionclip``, from its parser."""
    from actionclip_mm.cli import COMMANDS, usage

    parts = [f'```text\n{usage()}\n```']
    for name, summary in COMMANDS.items():
        module = import_module(f'actionclip_mm.cli.{name.replace("-", "_")}')
        text = io.StringIO()
        with redirect_stdout(text), suppress(SystemExit):
            module.main(['--help'])
        summary = summary[0].upper() + summary[1:]
        parts.append(
            f'## actionclip {name}\n\n{summary}.\n\n```text\n{text.getvalue().rstrip()}\n```'
        )
    return '\n\n'.join(parts)


def components(registry: str) -> str:
    """Classes of this package in a registry of mmaction2 or mmengine, with their config keys."""
    import mmaction.registry
    import mmengine.registry

    home = mmaction.registry if hasattr(mmaction.registry, registry) else mmengine.registry
    found = {
        cls
        for cls in getattr(home, registry).module_dict.values()
        if cls.__module__.startswith('actionclip_mm.') and (cls.__doc__ or '').strip()
    }
    names = sorted((cls.__name__, cls.__module__) for cls in found)
    blocks = [
        f'### {name}\n\n```{{eval-rst}}\n.. autoclass:: {module}.{name}\n```'
        for name, module in names
    ]
    return '\n\n'.join(blocks)


def fill(app: Sphinx, page: str, source: list[str]) -> None:
    """Replace the places of a page that has just been read."""

    def text_of(match: re.Match) -> str:
        return commands() if match[1] == 'commands' else components(match[1])

    folder = Path(app.env.doc2path(page)).parent

    def link_of(match: re.Match) -> str:
        target = (folder / match[1]).resolve()
        inside = target.is_relative_to(app.srcdir)
        return match[0] if inside or not target.is_file() else f'](path:{match[1]})'

    source[0] = OUTSIDE.sub(link_of, PLACE.sub(text_of, source[0]))


def setup(app: Sphinx) -> dict:
    app.connect('source-read', fill)
    return dict(parallel_read_safe=True)
