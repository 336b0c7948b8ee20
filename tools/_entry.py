"""How tools end: Ctrl-C and SIGTERM give one line, children end too, the exit code is 130 or 143.

Standard library only. Tools import it before anything slow, so that it holds there as well.
"""

import importlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NoReturn

TOOLS = Path(__file__).resolve().parent
PACKAGE = TOOLS.parent / 'actionclip_mm'
INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM
GRACE = 30.0  # seconds that a child has to end by itself
NOTHING_HALF = 'no half-written file is left, run the same command again.'
RANKS = ('RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK')  # of torchrun, Slurm and MPI


class Terminated(KeyboardInterrupt):
    """SIGTERM, which unwinds like Ctrl-C; so does its line: the exception's text comes first."""


def run_tool(
    main: Callable[[], int | None], kept: str | Callable[[], str] = NOTHING_HALF
) -> NoReturn:
    """Run ``main`` and leave with the exit code that it returns, or with one line if it is stopped.

    Args:
        main: The tool.
        kept: What is left of a run that was stopped, and how to go on; the text of a
            KeyboardInterrupt, where it has one, is said instead.
    """
    if hasattr(sys.stdout, 'reconfigure'):  # file names may be no UTF-8
        sys.stdout.reconfigure(errors='backslashreplace')
    sys.stdout, sys.stderr = _Shown(sys.stdout), _Shown(sys.stderr)  # type: ignore[assignment]
    catch_signals()
    try:
        code = main()
    except KeyboardInterrupt as stop:
        sys.exit(_say_goodbye(stop, kept))
    sys.exit(code)


class _Shown:
    """A stream on which names of others give a terminal no command: colours and lines are left."""

    commands = re.compile(r'\x1b(?!\[[0-9;]*m|\[K)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]')

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(self.commands.sub(lambda found: repr(found[0])[1:-1], text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def catch_signals() -> None:
    """From here on SIGTERM raises Terminated, and neither it nor Ctrl-C ends in a traceback."""
    sys.excepthook = _end_quietly
    if 'TORCHELASTIC_RUN_ID' in os.environ:
        return  # torchrun ends all processes where one has died, and those may wait for that one
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
    code = _say_goodbye(error, 'nothing was done yet.')  # while the tool was being imported
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
    for number in signals:  # what hangs at the end can be stopped
        signal.signal(number, signal.SIG_DFL)
    return TERMINATED if terminated else INTERRUPTED


def is_first_process() -> bool:
    """Whether this is the only process of a run, or its rank is 0."""
    return all(os.environ.get(name, '0') == '0' for name in RANKS)


def package_module(path: str) -> ModuleType:
    """A file of the package's utils, which import the standard library only."""
    folder = PACKAGE / Path(path).parent
    name = f'_actionclip_mm_{folder.name}'
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, folder / '__init__.py')
        if spec is None or spec.loader is None:
            raise ImportError(f'There is no {path} in {PACKAGE}.')
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return importlib.import_module(f'{name}.{Path(path).stem}')


@contextmanager
def child(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen]:
    """A process that does not outlive the block: if that fails or is stopped, so is the process."""
    process = subprocess.Popen(command, **options)
    try:
        with process:
            try:
                yield process
            except BaseException:
                end(process)
                raise
    finally:
        if process.poll() is None:
            process.kill()


def end(process: subprocess.Popen) -> None:
    """Ask a process to end, and end it if it does not within :data:`GRACE` seconds."""
    process.terminate()
    try:
        process.wait(GRACE)
    except BaseException:  # too slow, or stopped a second time
        process.kill()
        if not isinstance(sys.exc_info()[1], subprocess.TimeoutExpired):
            raise


_main = getattr(sys.modules['__main__'], '__file__', None)
if _main is not None and Path(_main).resolve().is_relative_to(TOOLS):  # a tool, not a test of one
    catch_signals()
