"""The main job on the mini benchmark: generate, fine-tune, test, zero-shot, report.

Usage: python tools/demo.py [--work-dir work_dirs/mini_demo]
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from _entry import child, run_tool

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = 'configs/mini/actionclip_mini_transf'
PROGRESS = 'Epoch('  # in the lines of mmengine's log that show how far a run is


def steps(work_dir: Path) -> list[tuple[str, list[str]]]:
    """What is run: a title and the arguments of Python."""
    weights = f'{work_dir}/last.pth'
    return [
        ('generate', ['tools/data/mini/generate.py']),
        ('train', ['tools/train.py', f'{CONFIGS}.py', '--work-dir', str(work_dir)]),
        ('test', _test(f'{CONFIGS}.py', weights, work_dir, 'seen')),
        ('zero-shot', _test(f'{CONFIGS}_zero_shot.py', weights, work_dir, 'unseen')),
    ]


def _test(config: str, weights: str, work_dir: Path, split: str) -> list[str]:
    dump = str(work_dir / f'{split}.pkl')
    folder = str(work_dir / split)
    return ['tools/test.py', config, weights, '--work-dir', folder, '--dump', dump]


def run(title: str, arguments: list[str], log: Path) -> float:
    """Runs one step, shows its progress and keeps its whole output; returns its seconds.

    Raises:
        SystemExit: The step failed.
    """
    start = time.time()
    lines: list[str] = []
    # one thread computes while the loader decodes; more only fight over two cores
    env = {'OMP_NUM_THREADS': '1', **os.environ}
    options = dict(cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    command = [sys.executable, '-u', '-W', 'ignore', *arguments]
    with log.open('a', encoding='utf-8') as file, child(command, **options) as process:
        assert process.stdout is not None  # it is a pipe
        for line in process.stdout:
            file.write(line)
            lines.append(line)
            if title == 'generate' or PROGRESS in line:
                print('   ', line.split(' - INFO - ')[-1].strip()[:110], flush=True)
    if process.returncode != 0:
        print(''.join(lines[-30:]))
        sys.exit(f'The step "{title}" failed; its whole output is in {log}.')
    return time.time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/mini_demo'))
    work_dir = parser.parse_args().work_dir.resolve()
    work_dir.mkdir(parents=True, exist_ok=True)
    log = work_dir / 'demo.log'
    log.write_text('')
    seconds = []
    plan = steps(work_dir)
    for number, (title, arguments) in enumerate(plan, start=1):
        print(f'[{number}/{len(plan)}] {title}: python {" ".join(arguments)}', flush=True)
        seconds.append(f'{title}={run(title, arguments, log):.0f}')
        if title == 'train':
            newest = Path((work_dir / 'last_checkpoint').read_text())
            link = work_dir / 'last.pth'
            link.unlink(missing_ok=True)
            link.symlink_to(newest)
    report = ['tools/analysis/mini_report.py', str(work_dir), '--seconds', *seconds]
    with child([sys.executable, '-W', 'ignore', *report], cwd=ROOT) as process:
        if process.wait() != 0:
            sys.exit('The report failed; the steps before it are done.')
    print(f'The report is {work_dir / "report.md"}, its pictures lie beside it.')


if __name__ == '__main__':
    run_tool(main, kept='its steps are not resumed: the same command starts anew.')
