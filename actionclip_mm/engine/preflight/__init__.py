"""Checks before a run starts, of what it would only find out after hours, or never.

Each check is a function that takes a :class:`RunView` and yields findings of one sentence: a
refusal stops the run, a warning is logged. Modules: files and pipelines (``data``), annotations
(``labels``), loops and checkpoints (``steps``), schedules (``schedule``), metrics and what monitors
them (``metrics``), batches under contrastive losses (``negatives``).

``preflight = False`` in a config switches all checks off, ``preflight = dict(skip=['disk_space'])``
single ones.
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
