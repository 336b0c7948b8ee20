"""The ablations of the paper (tables 1 to 5) in miniature: trains their twins, compares both.

Usage: python tools/analysis/reproduce_mini.py [--tables 1,4] [--seeds 0,1] [--jobs 2]

Runs that have finished are not run again and interrupted ones go on, so it may be stopped at any
time. Each run takes minutes on a CPU core.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = 'configs/mini/ablations'
METRICS = {'acc/top1': 'top-1', 'order/accuracy': 'order'}


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        name: What the row changes.
        config: Name of its mini twin in ``configs/mini/ablations``.
        paper: Top-1 on Kinetics-400 (ViT-B/32, 8 frames, single view), None where not known here.
    """

    name: str
    config: str
    paper: float | None = None


FULL = 'table4_transf'  # the paper's method, the last row of every table

TABLES: dict[int, tuple[str, list[Row]]] = {
    1: (
        'Learning by matching against learning by numbers',
        [
            Row('unimodal: a linear classifier', 'table1_unimodal', 75.45),
            Row('ActionCLIP', FULL, 78.36),
        ],
    ),
    2: (
        'Pre-training of the towers',
        [
            Row('both towers random', 'table2_random_both'),
            Row('image tower random', 'table2_random_image'),
            Row('text tower random', 'table2_random_text'),
            Row('both pre-trained', FULL, 78.36),
        ],
    ),
    3: (
        'Textual prompt',
        [Row('label words only', 'table3_label_only', 77.82), Row('templates', FULL, 78.36)],
    ),
    4: (
        'Visual prompt',
        [
            Row('Joint (pre-network)', 'table4_joint', 74.37),
            Row('Shift (in-network)', 'table4_shift', 71.73),
            Row('MeanP', 'table4_mean_p', 77.11),
            Row('LSTM', 'table4_lstm', 77.09),
            Row('Conv1D', 'table4_conv1d', 77.04),
            Row('Transf_cls', 'table4_transf_cls', 78.12),
            Row('Transf', FULL, 78.36),
        ],
    ),
    5: (
        'Fine-tuning of the towers',
        [
            Row('both frozen', 'table5_frozen_both', 72.21),
            Row('text tower frozen', 'table5_frozen_text', 73.88),
            Row('image tower frozen', 'table5_frozen_image', 73.78),
            Row('both fine-tuned', FULL, 78.36),
        ],
    ),
}


def run(config: str, seed: int, epochs: int, out: Path) -> dict[str, float]:
    """Trains a twin unless it is done, and returns its last validation metrics.

    Raises:
        RuntimeError: The training failed.
    """
    folder = out / f'epochs{epochs}' / config / f'seed{seed}'
    result = folder / 'result.json'
    if result.is_file():
        return json.loads(result.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    start = time.time()
    command = [sys.executable, '-W', 'ignore', 'tools/train.py', f'{CONFIGS}/{config}.py']
    command += ['--work-dir', str(folder), '--seed', str(seed), '--resume']
    # the second scheduler is the cosine, which must reach zero at the last epoch
    options = [f'train_cfg.max_epochs={epochs}', f'param_scheduler.1.end={epochs}']
    command += ['--cfg-options', *options]
    with (folder / 'output.log').open('a', encoding='utf-8') as log:
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, 'OMP_NUM_THREADS': '1'},  # runs share the cores, not one run all
        )
    if done.returncode != 0:
        raise RuntimeError(f'{config} with seed {seed} failed, see {folder / "output.log"}.')
    metrics = last_metrics(folder) | {'seconds': round(time.time() - start)}
    result.write_text(json.dumps(metrics))
    return metrics


def last_metrics(folder: Path) -> dict[str, float]:
    """The newest validation metrics in the logs of a run."""
    rows = [
        json.loads(line)
        for log in sorted(folder.glob('*/vis_data/scalars.json'))
        for line in log.read_text().splitlines()
    ]
    found = [row for row in rows if 'acc/top1' in row]
    if not found:
        raise RuntimeError(f'{folder} holds no validation result.')
    return {key: found[-1][key] for key in METRICS if key in found[-1]}


def run_all(configs: list[str], seeds: list[int], epochs: int, jobs: int, out: Path) -> dict:
    """Results by config, one dict of metrics per seed; a line of progress for each run."""
    todo = [(config, seed) for seed in seeds for config in configs]
    results: dict[str, list[dict]] = {config: [] for config in configs}
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(run, config, seed, epochs, out) for config, seed in todo]
        for number, ((config, seed), future) in enumerate(zip(todo, futures, strict=True), start=1):
            try:
                metrics = future.result()
            except RuntimeError:
                pool.shutdown(cancel_futures=True)  # said at once, not after all other runs
                raise
            results[config].append(metrics)
            said = ', '.join(
                f'{METRICS[key]} {metrics[key]:.1%}' for key in METRICS if key in metrics
            )
            print(f'[{number}/{len(todo)}] {config} seed {seed}: {said}', flush=True)
    return results


def cell(runs: list[dict], key: str) -> str:
    """Mean of a metric over seeds in percent, with the standard deviation where there are two."""
    values = [100 * metrics[key] for metrics in runs if key in metrics]
    if not values:
        return '–'
    spread = f' ± {np.std(values):.1f}' if len(values) > 1 else ''
    return f'{np.mean(values):.1f}{spread}'


def orderings(rows: list[Row], results: dict) -> list[str]:
    """Which pairs of rows with a paper number stand the same way round here."""
    known = [row for row in rows if row.paper is not None]
    means = {row.config: np.mean([m['acc/top1'] for m in results[row.config]]) for row in known}
    same, other = [], []
    for i, a in enumerate(known):
        for b in known[i + 1 :]:
            low, high = (a, b) if a.paper < b.paper else (b, a)
            text = f'{low.name} < {high.name}'
            (same if means[low.config] < means[high.config] else other).append(text)
    return [
        f'Orderings of the paper that hold here: {len(same)} of {len(same) + len(other)}.',
        *([f'Not reproduced: {"; ".join(other)}.'] if other else []),
    ]


def write_table(number: int, results: dict, args: argparse.Namespace, out: Path) -> None:
    """`table<n>.md` and `table<n>.png`."""
    title, rows = TABLES[number]
    lines = [f'# Table {number} in miniature: {title}', '']
    lines += ['| row | mini top-1 | mini order | paper, Kinetics-400 top-1 |', '|---|---|---|---|']
    for row in rows:
        paper = '–' if row.paper is None else f'{row.paper:.2f}'
        cells = [cell(results[row.config], key) for key in METRICS]
        lines.append(f'| {row.name} | {" | ".join(cells)} | {paper} |')
    names = ', '.join(map(str, args.seeds))
    lines += ['', f'{args.epochs} epochs each; seeds {names}.']
    lines += ['± is the standard deviation over seeds (ddof 0).'] if len(args.seeds) > 1 else []
    lines += ['']
    lines += [*orderings(rows, results), '', f'![table {number}](table{number}.png)', '']
    (out / f'table{number}.md').write_text('\n'.join(lines), encoding='utf-8')
    plot(rows, results, title, out / f'table{number}.png')


def plot(rows: list[Row], results: dict, title: str, path: Path) -> None:
    figure, axis = plt.subplots(figsize=(7, 1.2 + 0.45 * len(rows)))
    places = np.arange(len(rows))
    for shift, key in zip((-0.2, 0.2), METRICS, strict=True):
        values = [np.mean([m.get(key, np.nan) for m in results[row.config]]) for row in rows]
        axis.barh(places + shift, 100 * np.array(values), 0.38, label=f'mini {METRICS[key]}')
    known = [(place, row.paper) for place, row in zip(places, rows, strict=True) if row.paper]
    axis.plot(
        [paper for _, paper in known], [place for place, _ in known], 'k|', ms=14, label='paper'
    )
    axis.set_yticks(places, [row.name for row in rows])
    axis.set(xlim=(0, 100), xlabel='%', title=title)
    axis.invert_yaxis()
    axis.legend(loc='lower left', fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(',')]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--tables', type=numbers, default=sorted(TABLES), help='such as 1,4')
    parser.add_argument('--seeds', type=numbers, default=[0], help='such as 0,1,2')
    parser.add_argument('--epochs', type=int, default=5, help='of the usual 10')
    parser.add_argument('--jobs', type=int, default=2, help='runs at a time, one core each')
    parser.add_argument('--work-dir', type=Path, default=ROOT / 'work_dirs' / 'reproduce_mini')
    parser.add_argument('--out', type=Path, help='folder of the report, WORK_DIR by default')
    args = parser.parse_args(argv)
    unknown = [number for number in args.tables if number not in TABLES]
    if unknown:
        parser.error(f'there is no table {unknown[0]}: choose from {sorted(TABLES)}')
    out = args.out or args.work_dir
    out.mkdir(parents=True, exist_ok=True)
    wanted = [row.config for number in args.tables for row in TABLES[number][1]]
    configs, work_dir = list(dict.fromkeys(wanted)), args.work_dir.resolve()
    try:
        results = run_all(configs, args.seeds, args.epochs, args.jobs, work_dir)
    except RuntimeError as error:
        sys.exit(f'Error: {error}')
    for number in args.tables:
        write_table(number, results, args, out)
        print((out / f'table{number}.md').read_text())


if __name__ == '__main__':
    main()
