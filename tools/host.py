"""Runs any tool that mmaction2 carries on the configs of this plugin.

Usage: python tools/host.py NAME [ARGUMENTS of that tool]
       python tools/host.py --list

docs/host_tools.md says which of them work, and what is mended.
"""

import sys

from _entry import run_tool
from _host_tool import find_host_tool, host_tools, run_host_tool


def main(args: list[str] | None = None) -> None:
    args = sys.argv[1:] if args is None else args
    if not args or args[0] in ('-h', '--help'):
        print((__doc__ or '').strip())
        sys.exit(0 if args else 2)
    if args == ['--list']:
        for files in host_tools().values():
            print('\n'.join(str(file.with_suffix('')) for file in files))
        return
    try:
        find_host_tool(args[0])
    except (FileNotFoundError, ValueError) as error:
        sys.exit(str(error))
    sys.argv = [sys.argv[0], *args[1:]]
    run_host_tool(args[0])


if __name__ == '__main__':
    run_tool(main)
