"""Reproduce the paper's ablations (tables 1 to 5) on the mini benchmark and compare orderings.

Usage: python tools/analysis/reproduce_mini.py [--tables 1,4] [--seeds 0,1] [--jobs 2]

Finished runs are reused and interrupted ones resumed, so the command can be stopped at any time.
Each run takes minutes on one CPU core.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from _script import run_and_exit

# isort: split
from _mini_tables import METRICS, TABLES, Results, write_report
from mmengine.config import Config

from actionclip_mm.utils import write_json
from actionclip_mm.utils.carried_files import carried

CONFIGS = 'configs/mini/ablations'
PROCESSES: list[subprocess.Popen] = []  # training processes, terminated with this one


def run(config: str, seed: int, epochs: int, out: Path) -> dict[str, float]:
    """Train a config unless its result exists, and return the last validation metrics.

    Raises:
        RuntimeError: Training failed.
    """
    # the folder depends on the recipe, so that results of different recipes never mix
    folder = out / f'{config}-{digest(config, epochs)}' / f'seed{seed}'
    result = folder / 'result.json'
    if result.is_file():
        return json.loads(result.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    start = time.time()
    command = [sys.executable, '-W', 'ignore', '-m', 'actionclip_mm', 'train', path_of(config)]
    command += ['--work-dir', str(folder), '--resume']
    # the second scheduler is the cosine, which ends at the last epoch
    options = [f'train_cfg.max_epochs={epochs}', f'param_scheduler.1.end={epochs}']
    options.append(f'randomness.seed={seed}')  # the seed in the config takes precedence over --seed
    command += ['--cfg-options', *options]
    with (folder / 'output.log').open('a', encoding='utf-8') as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, 'OMP_NUM_THREADS': '1'},  # one core per run
        )
    PROCESSES.append(process)
    if process.wait() != 0:
        raise RuntimeError(f'{config} with seed {seed} failed: see {folder / "output.log"}.')
    metrics = last_metrics(folder) | {'seconds': round(time.time() - start)}
    write_json(result, metrics)
    return metrics


def path_of(config: str) -> str:
    """Path of a config of the ablations."""
    return str(carried(f'{CONFIGS}/{config}.py'))


def digest(config: str, epochs: int) -> str:
    """Hash a resolved config and the number of epochs."""
    text = Config.fromfile(path_of(config)).pretty_text
    return hashlib.sha256(f'{text}\n{epochs}'.encode()).hexdigest()[:8]


def last_metrics(folder: Path) -> dict[str, float]:
    """Read the last validation metrics from the logs of a run."""
    rows = [
        json.loads(line)
        for log in sorted(folder.glob('*/vis_data/scalars.json'))
        for line in log.read_text().splitlines()
    ]
    found = [row for row in rows if 'acc/top1' in row]
    if not found:
        raise RuntimeError(f'{folder} has no validation results.')
    return {key: found[-1][key] for key in METRICS if key in found[-1]}


def run_all(configs: list[str], seeds: list[int], epochs: int, jobs: int, out: Path) -> Results:
    """Run every config with every seed, and print one line per run."""
    todo = [(config, seed) for seed in seeds for config in configs]
    results: Results = {config: [] for config in configs}
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(run, config, seed, epochs, out) for config, seed in todo]
        for number, ((config, seed), future) in enumerate(zip(todo, futures, strict=True), start=1):
            try:
                metrics = future.result()
            except BaseException as error:
                pool.shutdown(wait=False, cancel_futures=True)  # do not start the remaining runs
                if not isinstance(error, RuntimeError):  # interrupted
                    for process in PROCESSES:
                        process.terminate()
                raise
            results[config].append(metrics)
            said = ', '.join(
                f'{METRICS[key]} {metrics[key]:.1%}' for key in METRICS if key in metrics
            )
            print(f'[{number}/{len(todo)}] {config} seed {seed}: {said}', flush=True)
    return results


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(',')]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--tables', type=numbers, default=sorted(TABLES), help='comma-separated, e.g. 1,4'
    )
    parser.add_argument('--seeds', type=numbers, default=[0], help='comma-separated, e.g. 0,1,2')
    parser.add_argument(
        '--epochs', type=int, default=5, help='epochs per run (the mini configs use 8)'
    )
    parser.add_argument('--jobs', type=int, default=2, help='parallel runs, one core each')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/reproduce_mini'))
    parser.add_argument('--out', type=Path, help='folder of the report (default: the work dir)')
    args = parser.parse_args(argv)
    unknown = [number for number in args.tables if number not in TABLES]
    if unknown:
        parser.error(f'--tables must be from {sorted(TABLES)}, got {unknown[0]}')
    out = args.out or args.work_dir
    out.mkdir(parents=True, exist_ok=True)
    wanted = [row.config for number in args.tables for row in TABLES[number][1]]
    configs, work_dir = list(dict.fromkeys(wanted)), args.work_dir.resolve()
    try:
        results = run_all(configs, args.seeds, args.epochs, args.jobs, work_dir)
    except RuntimeError as error:
        sys.exit(f'Error: {error}')
    how = f'{args.epochs} epochs per run, seed {", ".join(map(str, args.seeds))}.'
    if len(args.seeds) > 1:
        how += ' ± is the standard deviation over seeds (ddof 0).'
    report = out / 'reproduce_mini.md'
    write_report(args.tables, results, how, report)
    print(report.read_text(encoding='utf-8'))


if __name__ == '__main__':
    run_and_exit(main, kept='finished runs are kept; run the same command to continue.')
