"""Run all checks before mmengine's runners train, validate or test."""

import functools
import time
from collections.abc import Callable, Iterator
from typing import Any

from mmengine.runner import FlexibleRunner, Runner

from ...compat import fix
from ...compat.data_loaders import shared_memory_advice
from ...utils import RunRefused
from . import data, features, labels, metrics, negatives, schedule, steps
from .view import Finding, RunView

Check = Callable[[RunView], Iterator[Finding]]

CHECKS: dict[str, Check] = {
    check.__name__: check
    for module in (steps, schedule, labels, negatives, metrics, features, data)
    for check in module.CHECKS
}


@fix()
def check_runs_before_they_start() -> None:
    """mmengine's runners find mistakes in data or config after hours, or never."""
    for kind in (Runner, FlexibleRunner):
        for stage in ('train', 'val', 'test'):
            method = getattr(kind, stage)
            setattr(kind, stage, _checking_first(method, stage))


def _checking_first(method: Callable, stage: str) -> Callable:
    @functools.wraps(method)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        preflight(self, stage)
        try:
            return method(self, *args, **kwargs)
        except RuntimeError as error:
            if str(error).startswith(('DataLoader timed out', 'DataLoader worker')):
                raise RuntimeError(f'{error} {shared_memory_advice()}') from error
            raise

    return run


def preflight(runner: Any, stage: str) -> list[str]:
    """Build the loops of a run and run all checks.

    Args:
        runner: mmengine's ``Runner`` or ``FlexibleRunner``.
        stage: ``'train'``, ``'val'`` or ``'test'``.

    Returns:
        The warnings, which are logged too.

    Raises:
        RunRefused: With one sentence per refusal.
    """
    skipped = _skipped(getattr(runner, 'cfg', None) or {})
    if skipped is None:
        return []
    start = time.monotonic()
    _build_loops(runner, stage)
    view = RunView(runner, stage)
    findings = [
        finding
        for name, check in CHECKS.items()
        if name not in skipped and stage in view.loops
        for finding in check(view)
    ]
    warnings = list(dict.fromkeys(finding.text for finding in findings if not finding.refused))
    refusals = list(dict.fromkeys(finding.text for finding in findings if finding.refused))
    for text in warnings:
        runner.logger.warning(f'Preflight: {text}')
    if len(refusals) > 1:
        refusals = [f'{len(refusals)} problems stop this run before it starts:', *refusals]
    if refusals:
        raise RunRefused('\n- '.join(refusals))
    runner.logger.info(
        f'Preflight: {len(CHECKS) - len(skipped)} checks in {time.monotonic() - start:.1f} s, '
        f'{len(warnings) or "no"} warning{"s" * (len(warnings) != 1)}.'
    )
    return warnings


def _skipped(cfg: Any) -> set[str] | None:
    """Names of the checks that a config skips; None for all of them."""
    wanted = cfg.get('preflight', True)
    if isinstance(wanted, bool) or wanted is None:
        return set() if wanted else None
    names = wanted.get('skip', []) if isinstance(wanted, dict) else None
    if names is None or set(wanted) - {'skip'} or set(names) - set(CHECKS):
        raise ValueError(
            f'preflight must be True, False or dict(skip=[names]) with names of '
            f'{", ".join(CHECKS)}, got {wanted}.'
        )
    return set(names)


def _build_loops(runner: Any, stage: str) -> None:
    for name in ('train', 'val') if stage == 'train' else (stage,):
        loop = getattr(runner, f'_{name}_loop', None)
        if loop is not None:
            setattr(runner, f'_{name}_loop', getattr(runner, f'build_{name}_loop')(loop))
