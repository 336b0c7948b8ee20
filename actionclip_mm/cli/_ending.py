"""How a command ends: Ctrl-C and SIGTERM print one line, and the exit code is 130 or 143.

Standard library only, so that it can be imported before anything slow.
"""

import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, NoReturn

INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM
NOTHING_HALF = 'no half-written file is left, run the same command again.'
RANKS = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK')  # of torchrun, Slurm and MPI


class Terminated(KeyboardInterrupt):
    """SIGTERM, which unwinds like Ctrl-C."""


def run_and_exit(
    main: Callable[[], int | None], kept: str | Callable[[], str] = NOTHING_HALF
) -> NoReturn:
    """Run ``main`` and exit with the code it returns, or with one line if it is interrupted.

    Args:
        main: The command.
        kept: What an interrupted run leaves and how to go on. The text of the KeyboardInterrupt
            replaces it, where there is one.
    """
    if hasattr(sys.stdout, 'reconfigure'):  # file names need not be UTF-8
        sys.stdout.reconfigure(errors='backslashreplace')
    sys.stdout, sys.stderr = _SafeStream(sys.stdout), _SafeStream(sys.stderr)  # type: ignore[assignment]
    catch_signals()
    try:
        code = main()
    except BaseException as error:
        stop = find_interruption(error)
        if stop is None:
            raise
        sys.exit(_say_goodbye(stop, kept))
    sys.exit(code)


def find_interruption(error: BaseException | None) -> KeyboardInterrupt | None:
    """The interruption that caused an error: bare ``except`` clauses of libraries replace it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error


class _SafeStream:
    """A stream that escapes terminal commands in printed names; colours and line ends pass."""

    commands = re.compile(r'\x1b(?!\[[0-9;]*m|\[K)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]')

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(self.commands.sub(lambda found: repr(found[0])[1:-1], text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def catch_signals() -> None:
    """Raise Terminated on SIGTERM, and end both it and Ctrl-C without a traceback."""
    sys.excepthook = _end_quietly
    if 'TORCHELASTIC_RUN_ID' in os.environ:
        return  # torchrun ends all processes once one has died, and they may wait for that one
    owner = os.getpid()

    def terminate(number: int, frame: FrameType | None) -> None:
        if os.getpid() == owner:
            raise Terminated
        signal.signal(number, signal.SIG_DFL)  # a forked worker
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, terminate)


def _end_quietly(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if not isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    code = _say_goodbye(error, 'nothing was done yet.')  # during imports
    sys.stdout.flush()
    os._exit(code)


def _say_goodbye(stop: KeyboardInterrupt, kept: str | Callable[[], str]) -> int:
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:  # a second one must not cut the line
        signal.signal(number, signal.SIG_IGN)
    terminated = isinstance(stop, Terminated)
    if is_first_process():
        said = str(stop) or (kept if isinstance(kept, str) else kept())
        word = 'Terminated' if terminated else 'Interrupted'
        print(f'\n{word}: {said}', file=sys.stderr, flush=True)
    for number in signals:  # interpreter shutdown can be interrupted again
        signal.signal(number, signal.SIG_DFL)
    return TERMINATED if terminated else INTERRUPTED


def is_first_process() -> bool:
    """Whether this is the only process of a run, or the one of rank 0."""
    return all(os.environ.get(name, '0') == '0' for name in RANKS)


def command_line(command: str, argv: Sequence[str]) -> list[str]:
    """The words that call a command again, by the script in tools/ if that is how it was called."""
    script = sys.orig_argv[-len(argv) - 1 :][:1]
    if script and script[0].endswith(f'{command}.py'):
        return ['python', *script, *argv]
    return ['actionclip', command, *argv]
