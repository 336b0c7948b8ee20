"""Train a recognizer from a config: mmaction2's tools/train.py with this package registered."""

import shlex
import sys
from collections.abc import Sequence

from ._arguments import file_or_url, make_parser
from ._ending import command_line, find_interruption, is_first_process


def main(argv: Sequence[str] | None = None) -> None:
    """Check the call, then run mmaction2's tool with the same arguments."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    check_call('train', __doc__, arguments)
    command = command_line('train', arguments)
    from ..host_tools.running import run_host_tool

    try:
        run_host_tool('train', arguments, lock=command if is_first_process() else None)
    except BaseException as error:
        stop = find_interruption(error)
        if stop is None:
            raise
        raise type(stop)(_kept(command)) from None


def check_call(tool: str, description: str | None, argv: Sequence[str]) -> None:
    """Refuse unknown options and missing files of a call of mmaction2's train or test."""
    from ..host_tools.finding import add_host_options, find_host_tool

    parser = make_parser(tool, description)
    with parser.wrong_calls():
        files = dict.fromkeys(('config', 'checkpoint'), file_or_url) | {'--resume': _resume}
        add_host_options(parser, find_host_tool(tool), files)
    parser.parse_args(argv)


def _resume(text: str) -> str:
    return text if text == 'auto' else file_or_url(text)


def _kept(command: Sequence[str]) -> str:
    """What an interrupted training leaves, and how to go on."""
    runs = sys.modules.get('actionclip_mm.engine.runs')
    checkpoint = runs and runs.newest_checkpoint()
    if not checkpoint:
        return f'there is no checkpoint yet; to start again: {shlex.join(command)}'
    resume = '' if '--resume' in command else ' --resume'
    return f'{checkpoint} is kept; to go on: {shlex.join(command)}{resume}'
