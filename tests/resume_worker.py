"""Run tools/train.py several times in forked processes, each killed at a given point or not.

python tests/resume_worker.py RUNS.json

RUNS.json is a list of runs: ``args`` for tools/train.py; ``kill``, a moment of :data:`MOMENTS`, a
share of the CPU time that the first run trained, or null; ``log``, a file for its output; and the
number of ``processes``, 1 without. Each must end as ``kill`` says. They are forked, since the
import of the package takes longer than a run.
"""

import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import EpochBasedTrainLoop, Runner, ValLoop
from torch.optim import AdamW

import actionclip_mm.compat.at_run  # noqa: F401  as a run does

LIMIT = 200  # seconds of a run
TRAIN = Path(__file__).resolve().parents[1] / 'tools' / 'train.py'
# name: (class, method, which of its calls; what happens in that call, before or after its work)
MOMENTS = {
    'in the first epoch': (EpochBasedTrainLoop, 'run_iter', 2, 'after'),
    'in an epoch': (EpochBasedTrainLoop, 'run_iter', 5, 'after'),
    'during the update': (AdamW, 'step', 6, 'before'),
    'before a checkpoint': (Runner, 'save_checkpoint', 3, 'before'),
    'while a checkpoint is written': (os, 'replace', 3, 'before'),
    'before last_checkpoint': (Runner, 'save_checkpoint', 3, 'after'),
    'before validation': (ValLoop, 'run', 2, 'before'),
    'during validation': (ValLoop, 'run_iter', 5, 'after'),
    'before the best checkpoint': (CheckpointHook, '_save_best_checkpoint', 2, 'before'),
    'between new and old files': (LocalBackend, 'remove', 1, 'before'),
    'after validation': (ValLoop, 'run', 2, 'after'),
}


def main(runs: list[dict]) -> None:
    """Execute the runs one after the other."""
    clock = Path(runs[0]['log']).with_suffix('.seconds')
    for run in runs:
        if isinstance(run['kill'], float):
            run['kill'] *= float(clock.read_text())
        pids = []
        for env in group(run.get('processes', 1)):
            pids.append(os.fork())
            if not pids[-1]:
                os.environ.update(env)
                train(run, clock)
        statuses = [os.waitpid(pid, 0)[1] for pid in pids]
        # the other processes of a group end as they like when the first one dies
        check(os.waitstatus_to_exitcode(statuses[0]), run)


def group(processes: int) -> list[dict[str, str]]:
    """Environment of each process, as torchrun sets it."""
    if processes == 1:
        return [{}]
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        port = str(sock.getsockname()[1])
    shared = dict(WORLD_SIZE=str(processes), MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
    return [dict(RANK=str(rank), LOCAL_RANK=str(rank), **shared) for rank in range(processes)]


def check(code: int, run: dict) -> None:
    """Raise if a run did not end as expected."""
    allowed = {0} if run['kill'] is None else {-signal.SIGKILL}
    if isinstance(run['kill'], float):
        allowed.add(0)  # on a machine whose speed changes it may have been done before
    if code not in allowed:
        sys.exit(f'{run} ended with {code}:\n{Path(run["log"]).read_text()}')


def train(run: dict, clock: Path) -> None:
    """Train in a forked process."""
    code = 1
    try:
        log = os.open(run['log'], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        signal.alarm(LIMIT)  # ends it, should it hang
        torch.set_num_threads(1)
        arm(run['kill'], clock)
        launcher = ['--launcher', 'pytorch'] if 'RANK' in os.environ else []
        sys.argv = [str(TRAIN), run['args'][0], *launcher, *run['args'][1:]]
        sys.path.insert(0, str(TRAIN.parent))
        runpy.run_path(str(TRAIN), run_name='__main__')
    except SystemExit as end:  # how every tool ends
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        print(end.code or 'done')
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def arm(kill: str | float | None, clock: Path) -> None:
    """Kill this process at the given point, or record how long it trained."""
    if isinstance(kill, str):
        owner, name, number, when = MOMENTS[kill]
        setattr(owner, name, dying(getattr(owner, name), number, when))
        return
    run = EpochBasedTrainLoop.run

    def timed(loop: EpochBasedTrainLoop) -> object:
        start = time.process_time()  # unlike the time of day it depends little on other processes
        if kill is not None:
            threading.Thread(target=die_at, args=(start + kill,), daemon=True).start()
        result = run(loop)
        if not clock.exists():
            clock.write_text(str(time.process_time() - start))
        return result

    EpochBasedTrainLoop.run = timed


def die_at(seconds: float) -> None:
    """Kill this process once it has used this much CPU time."""
    while time.process_time() < seconds:
        time.sleep(0.001)
    die()


def die() -> None:
    """Die as by ``kill -9``."""
    os.kill(os.getpid(), signal.SIGKILL)


def dying(function: Callable, number: int, when: str) -> Callable:
    """Wrap a function so that its n-th call kills the process."""
    calls = 0

    def called(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        if calls == number and when == 'before':
            die()
        result = function(*args, **kwargs)
        if calls == number:
            die()
        return result

    return called


if __name__ == '__main__':
    importlib.import_module('mmaction.models')
    main(json.loads(Path(sys.argv[1]).read_text()))
