"""Run ``actionclip test`` in two processes repeatedly, and print how they ended.

Usage: python tests/two_processes_worker.py CONFIG CHECKPOINT FOLDER TIMES

Processes are forked, because importing the package takes longer than a run, but each ends as a
program does, so errors in the order of shutdown show.
"""

import os
import socket
import sys
from collections import Counter

import actionclip_mm.compat.at_run
import actionclip_mm.engine.runs  # noqa: F401
from actionclip_mm.cli._ending import run_and_exit
from actionclip_mm.host_tools.running import run_host_tool

PROCESSES = 2


def free_port() -> str:
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return str(sock.getsockname()[1])


def start(rank: int, port: str, config: str, checkpoint: str, folder: str) -> int:
    """Fork one process of a run and return its id; the child never returns."""
    pid = os.fork()
    if pid:
        return pid
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(PROCESSES),
        MASTER_ADDR='127.0.0.1', MASTER_PORT=port,
    )  # fmt: skip
    os.dup2(os.open(f'{folder}_{rank}.log', os.O_WRONLY | os.O_CREAT), 1)
    os.dup2(1, 2)
    argv = [config, checkpoint, '--work-dir', folder, '--launcher', 'pytorch']
    run_and_exit(lambda: run_host_tool('test', argv))


if __name__ == '__main__':
    config, checkpoint, folder, times = sys.argv[1:]
    ends: Counter = Counter()
    for number in range(int(times)):
        port = free_port()
        pids = [
            start(rank, port, config, checkpoint, f'{folder}/{number}') for rank in range(PROCESSES)
        ]
        ends[tuple(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids)] += 1
    print(f'exit codes of {times} runs of {PROCESSES} processes: {dict(ends)}')
