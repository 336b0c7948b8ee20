"""Run the mini benchmark from start to end: generate, fine-tune, test, zero-shot, report.

    actionclip demo [--work-dir work_dirs/mini_demo] [--gif demo.gif]

The data goes to data/mini in the current folder. Minutes on two CPU cores; --small takes seconds,
with data of its own in the work dir and numbers that mean nothing.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ..utils import check_writable
from ..utils.carried_files import carried
from ..utils.child_process import child
from ._arguments import make_parser

CONFIG = 'configs/mini/actionclip_mini_transf'
PROGRESS = 'Epoch('  # in the lines of mmengine's log that show progress
SMALL_SET = ['--train', '2', '--val', '1', '--unseen', '1']
SMALL_RUN = ['--cfg-options', 'train_cfg.max_epochs=1', 'default_hooks.logger.interval=1']

kept = 'steps are not resumed: the same command starts again.'


def steps(
    work_dir: Path, small: bool = False, gif: Path | None = None
) -> list[tuple[str, list[str]]]:
    """Titles of all steps, and their arguments for Python."""
    command, last = ['-m', 'actionclip_mm'], str(work_dir / 'last.pth')
    config, zero_shot = (str(carried(f'{CONFIG}{end}.py')) for end in ('', '_zero_shot'))
    train = [*command, 'train', config, '--work-dir', str(work_dir)]
    test = [*command, 'test', zero_shot, last]
    draw = ['-m', 'actionclip_mm.cli._demo_gif', last, str(gif and gif.resolve())]
    return [
        ('generate', [*command, 'prepare', 'mini', *(SMALL_SET if small else [])]),
        ('train', [*train, *(SMALL_RUN if small else [])]),
        ('zero-shot', [*test, '--work-dir', str(work_dir / 'unseen')]),
        *([('draw', draw)] if gif else []),
    ]


def run(title: str, arguments: list[str], log: Path, folder: Path | None = None) -> float:
    """Run one step, show its progress and log its whole output; returns its seconds.

    Raises:
        SystemExit: The step failed.
    """
    start = time.time()
    lines: list[str] = []
    # one thread computes while the loader decodes; more compete for the two cores
    env = {'OMP_NUM_THREADS': '1', **os.environ}
    options = dict(cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
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


def main(argv: Sequence[str] | None = None) -> None:
    """Run all steps and print the report."""
    parser = make_parser('demo', __doc__)
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/mini_demo'))
    parser.add_argument('--small', action='store_true', help='a few clips and one epoch')
    parser.add_argument('--gif', type=Path, metavar='FILE', help='animate unseen clips, labelled')
    args = parser.parse_args(argv)
    work_dir: Path = args.work_dir.resolve()
    with parser.wrong_calls():
        if args.gif:
            check_writable(args.gif)
        work_dir.mkdir(parents=True, exist_ok=True)
        log = work_dir / 'demo.log'
        log.write_text('')
        plan = steps(work_dir, args.small, args.gif)
    folder = work_dir if args.small else Path.cwd()
    seconds = []
    for number, (title, arguments) in enumerate(plan, start=1):
        print(f'[{number}/{len(plan)}] {title}: python {" ".join(arguments)}', flush=True)
        seconds.append(f'{title} {run(title, arguments, log, folder):.0f}')
        if title == 'train':
            newest = Path((work_dir / 'last_checkpoint').read_text())
            link = work_dir / 'last.pth'
            link.unlink(missing_ok=True)
            link.symlink_to(newest.name)  # the folder may be moved
    report = ['report', str(work_dir), '--checkpoint', str(work_dir / 'last.pth')]
    report += ['--note', 'seconds', ', '.join(seconds)]
    command = [sys.executable, '-W', 'ignore', '-m', 'actionclip_mm', *report]
    with child(command, cwd=folder) as process:
        if process.wait() != 0:
            sys.exit('The report failed; the steps before it are complete.')
