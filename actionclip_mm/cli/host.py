"""Run one of mmaction2's own tools on configs of this package; docs/host_tools.md lists them.

actionclip host NAME [arguments of that tool]
actionclip host --list
"""

import sys
from collections.abc import Sequence

from ..host_tools.finding import find_host_tool, host_tools
from ._arguments import make_parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the tool as the main program, or list all tools."""
    parser = make_parser('host', __doc__)
    parser.add_argument('name', metavar='NAME', help='tool, with or without .py')
    parser.add_argument('--list', action='store_true', help='list the tools')
    name, *rest = list(sys.argv[1:] if argv is None else argv) or ['']
    with parser.wrong_calls():
        if name == '--list':
            for files in host_tools().values():
                print('\n'.join(str(file.with_suffix('')) for file in files))
            return
        name = parser.parse_args([name] if name else []).name
        find_host_tool(name)
        from ..host_tools.running import run_host_tool
    run_host_tool(name, rest)
