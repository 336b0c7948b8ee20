"""What a run would only find out after hours, or never, asked before it starts.

Each question is a function of one of this package's modules that takes a :class:`RunView` and
yields findings, one sentence each: a refusal stops the run, a warning is logged. They look at
lists, labels and files (``data``, ``labels``), at loops, loaders and schedules (``steps``,
``schedule``), at metrics and what monitors them (``metrics``), and at options of the host that
change what the loss means (``negatives``).

``preflight = False`` in a config switches it off, ``preflight = dict(skip=['disk_space'])`` single
questions by the name of their function.
"""

from .run import CHECKS, check_runs_before_they_start, preflight
from .view import Finding, RunView, refuse, warn

__all__ = [
    'CHECKS',
    'Finding',
    'RunView',
    'check_runs_before_they_start',
    'preflight',
    'refuse',
    'warn',
]
