"""Compare runs of the same training on different numbers of processes.

    python tools/analysis/process_equality.py 1=work_dirs/one 2=work_dirs/two --out equality.png

Each work dir contains one run with the same global batch, ``default_hooks.logger.interval=1`` and
``log_processor.window_size=1``. All runs are compared with the first. The figure shows the losses
and their relative differences; a table is printed.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from _script import run_and_exit

# isort: split
import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
import numpy as np

from actionclip_mm.utils import write_figure

CLOCKS = ('time', 'data_time', 'step')


def read_log(folder: str) -> tuple[dict[int, float], dict[int, dict]]:
    """Read the loss of each iteration and the metrics of each epoch.

    Raises:
        FileNotFoundError: The folder has no log.
        ValueError: The log has no losses.
    """
    files = sorted(Path(folder).glob('*/vis_data/scalars.json'))
    if not files:
        raise FileNotFoundError(f'{folder} has no */vis_data/scalars.json: pass a work dir.')
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    losses = {line['step']: line['loss'] for line in lines if 'loss' in line}
    if not losses:
        raise ValueError(f'The log of {folder} has no losses: pass the work dir of a training run.')
    metrics = {
        line['step']: {name: value for name, value in line.items() if name not in CLOCKS}
        for line in lines
        if 'loss' not in line
    }
    return losses, metrics


def differences(losses: dict[int, float], expected: dict[int, float]) -> np.ndarray:
    """Compute the relative difference of two runs per iteration.

    Raises:
        ValueError: Their iterations differ.
    """
    if losses.keys() != expected.keys():
        raise ValueError(
            f'Runs of {len(losses)} and {len(expected)} iterations cannot be compared: use the '
            'same global batch and number of epochs.'
        )
    return np.array([abs(losses[step] - expected[step]) / abs(expected[step]) for step in expected])


def draw(runs: dict[str, dict[int, float]], out: Path) -> None:
    """Plot the losses and their relative differences from the first run."""
    _, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(7, 6))
    (first, expected), *others = runs.items()
    for number, (name, losses) in enumerate(runs.items()):
        style = ('-', '--', ':')[number % 3]
        above.plot(list(losses), list(losses.values()), style, label=_processes(name))
    for name, losses in others:
        # a log axis cannot show zero: clip at the precision of a loss
        values = np.maximum(differences(losses, expected), 1e-8)
        below.plot(list(losses), values, label=f'{name} against {first}')
    above.set_ylabel('loss')
    below.set(ylabel='relative difference', xlabel='iteration', yscale='log')
    for axes in (above, below):
        axes.legend()
        axes.grid(alpha=0.3)
    plt.tight_layout()
    write_figure(out, plt.gcf(), dpi=120)
    plt.close()


def _processes(name: str) -> str:
    return f'{name} process' if name == '1' else f'{name} processes'


def main(args: Sequence[str] | None = None) -> None:
    """Read the logs, plot, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('runs', nargs='+', metavar='PROCESSES=WORK_DIR')
    parser.add_argument('--out', type=Path, required=True, help='PNG file')
    options = parser.parse_args(args)
    names = [run.partition('=') for run in options.runs]
    if len(names) < 2 or not all(sign for _, sign, _ in names):
        sys.exit(f'{" ".join(options.runs)}: expected two or more runs as 1=work_dirs/one.')
    try:
        logs = {name: read_log(folder) for name, _, folder in names}
        expected, expected_metrics = next(iter(logs.values()))
        print('| processes | largest difference of the loss | metrics |\n|---|---|---|')
        for name, (losses, metrics) in logs.items():
            largest = differences(losses, expected).max()
            last = list(metrics.values())[-1] if metrics else 'none'
            same = 'equal' if metrics == expected_metrics else 'different'
            print(f'| {name} | {largest:.1e} | {same}: {last} |')
        draw({name: losses for name, (losses, _) in logs.items()}, options.out)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(str(error))


if __name__ == '__main__':
    run_and_exit(main)
