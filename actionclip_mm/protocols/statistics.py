"""How the numbers of several runs become the numbers of a protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# What one test gave: its run, its part of the protocol, metrics as fractions.
Result = dict[str, Any]


@dataclass(frozen=True)
class MeanStd:
    """Mean and standard deviation over runs, of each metric.

    Attributes:
        over: What several runs are: 'splits', 'draws', …
        ddof: 0 is numpy's default and what the peers report.
    """

    over: str
    ddof: int = 0

    def rule(self, runs: int) -> str:
        """What is done with so many runs, in words."""
        return 'one run' if runs == 1 else f'mean ± std (ddof={self.ddof}) over {self.over}'

    def compute(self, results: Sequence[Result]) -> list[dict[str, Any]]:
        """One row per part and metric: ``part, metric, mean, std, ddof, n``."""
        rows = []
        for part in dict.fromkeys(result['part'] for result in results):
            members = [result['metrics'] for result in results if result['part'] == part]
            for metric in members[0]:
                values = np.array([metrics[metric] for metrics in members], dtype=float)
                # one run has no spread, which is another thing than a spread of zero
                std = float(values.std(ddof=self.ddof)) if len(values) > max(1, self.ddof) else None
                row = dict(part=part, metric=metric, mean=float(values.mean()), std=std)
                rows.append(row | dict(ddof=self.ddof, n=len(values)))
        return rows


@dataclass(frozen=True)
class HarmonicMean(MeanStd):
    """Base and novel averaged over seeds first, then HM = 2·B·N / (B + N) of the averages."""

    def rule(self, runs: int) -> str:
        return f'{super().rule(runs)}; HM = 2·base·novel/(base+novel) of the two means'

    def compute(self, results: Sequence[Result]) -> list[dict[str, Any]]:
        rows = super().compute(results)
        means = {(row['part'], row['metric']): row['mean'] for row in rows}
        for metric in dict.fromkeys(row['metric'] for row in rows):
            base, novel = means['base', metric], means['novel', metric]
            mean = harmonic_mean(base, novel)
            row = dict(part='harmonic mean', metric=metric, mean=mean, std=None)
            rows.append(row | dict(ddof=self.ddof, n=rows[0]['n']))
        return rows


def harmonic_mean(a: float, b: float) -> float:
    """2ab / (a + b), and 0 where both are 0."""
    return 2 * a * b / (a + b) if a + b else 0.0
