"""The report of ``actionclip benchmark speed``."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..compat import at_run  # noqa: F401  as a run does
from .machine import describe_machine
from .markdown import to_markdown, write_into
from .registry import Options, Row
from .results import Result, Results, run_rows


def measure_rows(rows: Sequence[Row], order: Sequence[str], args: argparse.Namespace) -> int:
    """Measure rows, print their Markdown and write what ``--out`` and ``--into`` ask for.

    Args:
        rows: What to measure.
        order: Names of all rows, in the order of the report.
        args: Arguments of the command.

    Returns:
        Rows that were skipped.
    """
    threads = set_threads(args.threads)
    results = Results(describe_machine(threads, args.device), args.out, order)
    measured: list[str] = []

    def keep(result: Result) -> None:
        results.add(result)
        measured.append(result.name)

    with tempfile.TemporaryDirectory() as scratch:
        options = Options(
            Path(scratch), args.arch, args.pretrained, args.device, threads, args.tiny
        )
        skipped = run_rows(rows, options, args.rounds, _report, keep)
    print(to_markdown([results.results[name] for name in measured], results.machine), end='')
    everything = to_markdown(results.in_order(), results.machine)
    results.write(everything)
    if args.into is not None:
        write_into(args.into, everything)
    return skipped


def set_threads(threads: int | None) -> int:
    """Set the threads of torch, OpenCV and child processes.

    Args:
        threads: How many; None for all cores.
    """
    import cv2
    import torch

    number = threads or len(os.sched_getaffinity(0))
    torch.set_num_threads(number)
    cv2.setNumThreads(number)
    os.environ['OMP_NUM_THREADS'] = str(number)  # of child processes
    return number


def _report(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
