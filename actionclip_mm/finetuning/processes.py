"""Child processes of a fine-tuning: the trial and the training, with one line of progress."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..utils.child_process import child
from .memory import peak_bytes

TRAIN_LINE = re.compile(r'Epoch\(train\)\s+\[(\d+)\]\[\s*(\d+)/(\d+)\].*?loss: ([\d.einf+-]+|nan)')
VAL_LINE = re.compile(r'Epoch\(val\)\s+\[\d+\]\[\d+/\d+\].*acc/top1: ([\d.]+)')
ERROR = re.compile(r'^\S*(?<!ChildFailed)Error(: |$)|: error: |^torch\S*OutOfMemory')
SIGKILL = -9


def run_trial(config: Path, out: Path, options: Sequence[str]) -> dict[str, Any]:
    """Measure a config in a process of its own.

    Raises:
        RuntimeError: The trial failed; the message is its last error line.
    """
    command = ['-m', 'actionclip_mm.finetuning.trial', str(config), str(out)]
    run([*command, *_cfg_options(options)], out.with_suffix('.log'), 'the trial')
    return json.loads(out.read_text('utf-8'))


def train(config: Path, work_dir: Path, options: Sequence[str], resume: bool, epochs: int) -> int:
    """Train with ``actionclip train``, and show how far it is.

    Returns:
        Peak bytes of its memory, 0 where that cannot be read.

    Raises:
        RuntimeError: The training failed; the message is its last error line.
    """
    command = ['-m', 'actionclip_mm', 'train', str(config), '--work-dir', str(work_dir)]
    command += ['--resume'] * resume + _cfg_options(options)
    peak, total = 0, 0
    with tqdm(unit='step', desc=f'epoch 1/{epochs}', mininterval=0.5, dynamic_ncols=True) as bar:

        def show(line: str, process: subprocess.Popen) -> None:
            nonlocal peak, total
            if match := TRAIN_LINE.search(line):
                epoch, step, steps = map(int, match.groups()[:3])
                if bar.total is None:
                    bar.total = epochs * steps
                    bar.initial = bar.n = (epoch - 1) * steps  # what was trained before
                bar.set_description(f'epoch {epoch}/{epochs}', refresh=False)
                shown['loss'] = match[4]
                bar.set_postfix(shown, refresh=False)
                bar.update((epoch - 1) * steps + step - bar.n)
            elif match := VAL_LINE.search(line):
                shown['val top-1'] = f'{100 * float(match[1]):.1f} %'
                bar.set_postfix(shown)
            peak = max(peak, peak_bytes(process.pid))

        shown: dict[str, str] = {}
        work_dir.mkdir(parents=True, exist_ok=True)
        run(command, work_dir / 'output.log', 'the training', show)
    return peak


def run(
    arguments: Sequence[str],
    log: Path,
    what: str,
    show: Callable[[str, subprocess.Popen], None] | None = None,
) -> None:
    """Run Python with some arguments, and write its output to a log.

    Raises:
        RuntimeError: It failed.
    """
    last = ''
    command = [sys.executable, '-u', '-W', 'ignore', *arguments]
    options: dict[str, Any] = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    options |= dict(stderr=subprocess.STDOUT, text=True, errors='replace')
    with log.open('w', encoding='utf-8') as file, child(command, **options) as process:
        assert process.stdout is not None  # it is a pipe
        for line in process.stdout:
            file.write(line)
            file.flush()
            if ERROR.search(line):
                last = line.strip()
            if show is not None:
                show(line, process)
    if process.returncode == 0:
        return
    if process.returncode == SIGKILL or 'out of memory' in last:
        raise RuntimeError(
            f'{what} ran out of memory: give a smaller --batch-size or --frames (full log: {log}).'
        )
    raise RuntimeError(f'{what} failed: {last or "it printed no error"} (full log: {log}).')


def _cfg_options(options: Sequence[str]) -> list[str]:
    return ['--cfg-options', *options] if options else []
