"""Interleaved timing of several ways to do the same work: wall time, CPU time, peak memory."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..utils.child_process import child

Key = TypeVar('Key', bound=Hashable)

SHORTEST = 0.02  # seconds: shorter calls are repeated within one timing
MOST_CALLS = 1000  # within one timing
_RSS_UNIT = 1024  # bytes per unit of ru_maxrss on Linux
# A small process between this one and the command: on Linux a process' peak RSS begins with that
# of the process that started it, here hundreds of MiB.
_LAUNCHER = """
import os, signal, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=2)
signal.signal(signal.SIGTERM, lambda *_: process.terminate())
_, status, usage = os.wait4(process.pid, 0)
wall = time.perf_counter() - start
process.returncode = os.waitstatus_to_exitcode(status)
print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
sys.exit(process.returncode)
"""


class ChildFailed(RuntimeError):
    """A measured process ended with an error."""


@dataclass(frozen=True)
class ChildProcess:
    """A command that is measured as a whole process: start, work and exit.

    Attributes:
        command: Program and arguments.
        env: Environment variables on top of those of this process.
        cwd: Working folder. Defaults to the current one.
    """

    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None

    def run(self) -> tuple[float, float, int]:
        """Run it once.

        Returns:
            Wall seconds, CPU seconds (with those of its own children) and peak RSS in bytes.

        Raises:
            ChildFailed: It ended with an error; the message ends with its last line.
        """
        with tempfile.TemporaryFile() as output:
            command = [sys.executable, '-I', '-S', '-c', _LAUNCHER, *self.command]
            env = {**os.environ, **self.env}
            streams: dict[str, Any] = dict(stdout=subprocess.PIPE, stderr=output)
            with child(command, env=env, cwd=self.cwd, **streams) as process:
                report = process.communicate()[0].split()
            if process.returncode:
                output.seek(0)
                said = output.read().decode(errors='replace').strip().splitlines() or ['no message']
                raise ChildFailed(f'{self.command[0]} ended with {process.returncode}: {said[-1]}')
        wall, cpu, peak = map(float, report)
        return wall, cpu, int(peak) * _RSS_UNIT


@dataclass(frozen=True)
class Way:
    """One of several ways to do the same work.

    Attributes:
        name: Short name for the table, such as ``'trimmed'``.
        call: Does the work once: a function without arguments, or a whole process.
        switch: What a user sets to get this way: a config key, option or environment variable.
        prepare: Called before each timing, not timed: empties a cache, rewrites a file. With it,
            or with a child process, each timing is a single call.
        work: Units of work in a call (videos, sentences, samples); time is reported per unit.
    """

    name: str
    call: Callable[[], Any] | ChildProcess
    switch: str = ''
    prepare: Callable[[], Any] | None = None
    work: int = 1


@dataclass(frozen=True)
class Timing:
    """What one way took; times are medians over the rounds, in seconds per unit of work.

    Attributes:
        name: Of the way.
        switch: Of the way.
        wall: Wall time.
        cpu: CPU time, user and system, of this process with its reaped children, or of the child.
        fastest: Shortest wall time.
        slowest: Longest wall time.
        speedup: Median over the rounds of (wall time of the first way / of this way).
        cpu_speedup: The same of CPU time.
        peak: Peak memory in bytes: RSS of a child process, otherwise tensors allocated in a call
            (see :func:`peak_bytes`); None if not measured.
    """

    name: str
    switch: str
    wall: float
    cpu: float
    fastest: float
    slowest: float
    speedup: float
    cpu_speedup: float
    peak: int | None = None


def measure(
    ways: Sequence[Way],
    rounds: int = 5,
    device: str = 'cpu',
    memory: bool = False,
    report: Callable[[str], None] = lambda text: None,
) -> list[Timing]:
    """Time ways in turn (A B C A B C …), so that a busy machine slows all of them alike.

    Args:
        ways: At least one; the first is what the others are compared with.
        rounds: Timings of each way, after an untimed one that warms up.
        device: ``'cpu'`` or a CUDA device, which is synchronised after each call.
        memory: Whether to measure the peak memory of calls inside this process (children always
            report theirs); it costs one more call of each way.
        report: Receives a line of progress before each round.

    Raises:
        ChildFailed: A measured process ended with an error.
    """
    report('warming up')
    calls = [_calls_per_timing(way, device) for way in ways]
    samples: list[list[tuple[float, float]]] = [[] for _ in ways]
    peaks: list[int | None] = [None for _ in ways]
    for round_ in range(rounds):
        report(f'round {round_ + 1} of {rounds}')
        for index, way in enumerate(ways):
            wall, cpu, peak = _time(way, calls[index], device)
            samples[index].append((wall / way.work, cpu / way.work))
            if peak is not None:
                peaks[index] = max(peak, peaks[index] or 0)
    for index, way in enumerate(ways):
        if memory and not isinstance(way.call, ChildProcess):
            report(f'memory of {way.name}')
            if way.prepare:
                way.prepare()
            peaks[index] = peak_bytes(way.call, device)
    return [
        _summary(way, found, samples[0], peak)
        for way, found, peak in zip(ways, samples, peaks, strict=True)
    ]


def _calls_per_timing(way: Way, device: str) -> int:
    """Warm up a way; how often it has to be called to last :data:`SHORTEST` seconds."""
    seconds, _, _ = _time(way, 1, device)
    if isinstance(way.call, ChildProcess) or way.prepare or seconds >= SHORTEST:
        return 1
    seconds, _, _ = _time(way, 1, device)  # the first call may have built a cache
    return min(int(SHORTEST / max(seconds, 1e-9)) + 1, MOST_CALLS)


def _time(way: Way, calls: int, device: str) -> tuple[float, float, int | None]:
    """Wall and CPU seconds of one call, and the peak RSS if it is a process."""
    if way.prepare:
        way.prepare()
    if isinstance(way.call, ChildProcess):
        return way.call.run()
    cpu, wall = cpu_seconds(), time.perf_counter()
    for _ in range(calls):
        way.call()
    if device.startswith('cuda'):
        import torch

        torch.cuda.synchronize(device)
    return (time.perf_counter() - wall) / calls, (cpu_seconds() - cpu) / calls, None


def _summary(
    way: Way, found: list[tuple[float, float]], first: list[tuple[float, float]], peak: int | None
) -> Timing:
    walls, cpus = zip(*found, strict=True)
    ratios = [
        (a / max(b, 1e-9), c / max(d, 1e-9)) for (a, c), (b, d) in zip(first, found, strict=True)
    ]
    wall_ratios, cpu_ratios = zip(*ratios, strict=True)
    return Timing(
        name=way.name,
        switch=way.switch,
        wall=statistics.median(walls),
        cpu=statistics.median(cpus),
        fastest=min(walls),
        slowest=max(walls),
        speedup=statistics.median(wall_ratios),
        cpu_speedup=statistics.median(cpu_ratios),
        peak=peak,
    )


def cpu_seconds() -> float:
    """CPU seconds of this process so far, with those of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def seconds(steps: Mapping[Key, Callable[[], Any]], rounds: int, device: str) -> dict[Key, float]:
    """Median time of each step: CPU time on a CPU, which other programs hardly change."""
    timings = measure([Way(str(key), step) for key, step in steps.items()], rounds, device)
    on_gpu = device.startswith('cuda')
    return {
        key: timing.wall if on_gpu else timing.cpu
        for key, timing in zip(steps, timings, strict=True)
    }


def peak_bytes(call: Callable[[], Any], device: str = 'cpu') -> int:
    """Peak memory of tensors allocated during a call.

    On a CPU the allocations are counted: the size of the process includes freed blocks that glibc
    keeps. Memory of NumPy arrays and of libraries is not counted.
    """
    import torch
    from torch.profiler import ProfilerActivity, profile

    if device.startswith('cuda'):
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        call()
    in_use = peak = 0
    for event in profiler.profiler.kineto_results.events():
        if event.name() == '[memory]':  # freed memory is negative
            in_use += event.nbytes()
            peak = max(peak, in_use)
    return peak


def largest_difference(results: Iterable[Any]) -> float:
    """Largest absolute difference of arrays or tensors from the first of them."""
    import numpy as np

    first, *others = [np.asarray(_on_cpu(result), dtype=np.float64) for result in results]
    return max((float(np.abs(first - other).max(initial=0)) for other in others), default=0.0)


def _on_cpu(result: Any) -> Any:
    return result.detach().float().cpu().numpy() if hasattr(result, 'detach') else result
