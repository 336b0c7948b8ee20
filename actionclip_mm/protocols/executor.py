"""Train and test the runs of a plan in child processes, and collect what they measured."""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..clip.weight_files import sha256
from ..evaluation import read_video_scores
from ..utils import name_errors, write_json
from ..utils.carried_files import find_file
from ..utils.child_process import child
from .card import COUNTS
from .configs import METRICS_FILE, SCORES_FILE, test_config, train_config
from .facts import class_results
from .materials import Material
from .plan import Job, Plan

# Last line of a traceback, or of a wrong call; torchrun's own error only says that a rank failed.
ERROR = re.compile(r'(?<!ChildFailed)Error: |: error: ')


@dataclass(frozen=True)
class Executor:
    """Train and test the runs of a plan.

    Attributes:
        plan: The runs.
        work_dir: Absolute path; every run has a folder in it.
        processes: Processes of this machine.
        resume: Whether to keep what is finished.
    """

    plan: Plan
    work_dir: Path
    processes: int
    resume: bool

    def run(self, job: Job, progress: str) -> list[dict[str, Any]]:
        """Train once, test every part; return the results in the card's layout.

        Raises:
            RuntimeError: A training or test failed.
        """
        checkpoint = self._train(job, progress) if job.train is not None else job.checkpoint
        assert checkpoint is not None
        sha = sha256(checkpoint)
        results = []
        for part, material in job.tests.items():
            said = f'{progress} {job.run.name} {part}'
            measured = self._test(job.run.name, part, material, checkpoint, sha, said)
            shown = ', '.join(f'{key} {100 * measured["metrics"][key]:.2f}' for key in
                              measured['metrics'])  # fmt: skip
            videos = measured['videos']
            print(f'{said}: {shown} ({videos["scored"]} videos, {videos["failed"]} failed)')
            results.append(_for_card(job, part, material, sha) | measured)
        return results

    def evidence(self, results: list[dict[str, Any]]) -> list[dict[str, str]]:
        """List the files with the scores of each video, relative to the card."""
        rows = []
        for result in results:
            file = f'{result["run"]}/{result["part"]}/{SCORES_FILE}'
            row = dict(run=result['run'], part=result['part'], file=file)
            rows.append(row | dict(sha256=sha256(self.work_dir / file)))
        return rows

    def _train(self, job: Job, progress: str) -> Path:
        folder = self.work_dir / job.run.name / 'train'
        assert job.train is not None and job.training_seed is not None
        start = None if job.checkpoint is None else str(job.checkpoint)
        config = train_config(self.plan.leaf, job.train, folder, job.training_seed, start)
        started, done = folder / 'started.json', folder / 'done.json'
        last = last_checkpoint(folder) if self.resume else None
        state = dict(digest=digest(config, job.train, job.checkpoint, self.processes))
        if last is not None and _read(done) == state:
            print(f'{progress} {job.run.name}: was trained before')
            return last
        print(f'{progress} {job.run.name}: trains on {len(job.train.lines)} videos of '
              f'{len(job.train.names)} classes ({job.train.source})', flush=True)  # fmt: skip
        options = []
        if last is not None and _read(started) == state:
            # with the path: `--resume` alone drops `load_from` where it finds no checkpoint
            options = ['--resume', str(last)]
        else:
            (folder / 'last_checkpoint').unlink(missing_ok=True)
        done.unlink(missing_ok=True)
        path = write_config(config, folder)
        write_json(started, state)
        self._call('train', str(path), *options, folder=folder)
        trained = last_checkpoint(folder)
        if trained is None:
            raise RuntimeError(f'training wrote no checkpoint to {folder}: add CheckpointHook')
        write_json(done, state)
        return trained

    def _test(
        self, name: str, part: str, material: Material, checkpoint: Path, sha: str, said: str
    ) -> dict[str, Any]:
        folder = self.work_dir / name / part
        config = test_config(self.plan.leaf, self.plan.protocol, material, folder)
        done = folder / 'result.json'
        state = digest(config, material, sha, 1)  # of any number of processes
        before = _read(done)
        scores = folder / SCORES_FILE
        if self.resume and before is not None and before.get('digest') == state:
            if scores.is_file() and before.get('scores') == sha256(scores):
                return before['measured']
        print(f'{said}: tests {len(material.lines)} videos of {len(material.names)} classes',
              flush=True)  # fmt: skip
        path = write_config(config, folder)
        self._call('test', str(path), str(checkpoint), folder=folder)
        metrics = read_metrics(folder / METRICS_FILE, self.plan.protocol.metrics)
        failed = (folder / 'failed_videos.txt').read_text(encoding='utf-8').splitlines()
        measured = dict(
            videos={key: int(metrics[f'videos/{key}']) for key in COUNTS},
            # relative paths, equal on every machine
            failed_videos=[line.replace(f'{material.folder}/', '', 1) for line in sorted(failed)],
            metrics={key: metrics[key] for key in self.plan.protocol.metrics},
            per_class=asdict(class_results(read_video_scores(scores))),
        )
        write_json(done, dict(digest=state, scores=sha256(scores), measured=measured))
        return measured

    def _call(self, name: str, *arguments: str, folder: Path) -> None:
        """Call ``actionclip train`` or ``test``, on several processes if asked for."""
        command = [sys.executable, '-W', 'ignore']
        launcher = []
        if self.processes > 1:
            command += ['-m', 'torch.distributed.run', f'--nproc_per_node={self.processes}']
            command += ['--master_addr=127.0.0.1', f'--master_port={free_port()}']
            launcher = ['--launcher', 'pytorch']
        command += ['-m', 'actionclip_mm', name, *arguments, '--work-dir', str(folder), *launcher]
        call(command, folder / 'output.log')


def call(command: list[str], log: Path) -> None:
    """Run a process: log its output to a file and print its progress.

    Raises:
        RuntimeError: It failed; the message is its last error line.
    """
    last = ''
    options = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    with log.open('w', encoding='utf-8') as kept, child(
        command, **options, text=True, errors='replace'
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            with name_errors(log):
                kept.write(line)
                kept.flush()
            if ERROR.search(line) and not line.startswith(' '):
                last = line.strip()
            if 'Epoch(' in line or ' ERROR ' in line:
                print(f'    {line.rstrip().split(" - ")[-1]}', flush=True)
    if process.returncode != 0:
        raise RuntimeError(f'{last or "it printed no error"} (full log: {log})')


def last_checkpoint(folder: Path) -> Path | None:
    """Newest checkpoint of a training, or None."""
    try:
        path = Path((folder / 'last_checkpoint').read_text())
    except OSError:
        return None
    return path if path.is_file() else None


def read_metrics(path: Path, wanted: Sequence[str]) -> dict[str, float]:
    """Read the metrics that a test wrote.

    Raises:
        RuntimeError: A metric is missing.
    """
    found = _read(path) or {}
    keys = [*wanted, *(f'videos/{name}' for name in COUNTS)]
    if not all(isinstance(found.get(key), (int, float)) for key in keys):
        raise RuntimeError(
            f'the test must give {", ".join(keys)}, got {", ".join(found) or "no metrics"}'
        )
    return found


def _for_card(job: Job, part: str, material: Material, sha: str) -> dict[str, Any]:
    train = job.train
    return dict(
        run=job.run.name,
        part=part,
        seed=job.run.seed,
        training_seed=job.training_seed,
        classes=asdict(material.class_facts()),
        test_list=asdict(material.list_facts()),
        train_list=train and asdict(train.list_facts()) | dict(source=train.source),
        checkpoint_sha256=sha,
    )


def write_config(config: Config, folder: Path) -> Path:
    path = folder / 'config.py'
    path.parent.mkdir(parents=True, exist_ok=True)
    config.dump(str(path))
    return path


def digest(
    config: Config, material: Material, checkpoint: Path | str | None, processes: int
) -> str:
    """Hash of everything that decides a run."""
    if isinstance(checkpoint, Path):
        checkpoint = sha256(checkpoint)
    lists = (material.list_facts().sha256, material.class_facts().sha256)
    files = [sha256(path) for path in files_of(config.model)]
    text = f'{config.pretty_text}\n{lists}\n{checkpoint}\n{processes}\n{files}'
    return hashlib.sha256(text.encode()).hexdigest()


def files_of(value: Any) -> list[Path]:
    """Files that a config names: weights to start from, templates, label lists."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [path for item in value for path in files_of(item)]
    path = find_file(value) if isinstance(value, str) else ''
    return [Path(path)] if os.path.isfile(path) else []


def free_port() -> str:
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return str(sock.getsockname()[1])


def _read(path: Path) -> dict[str, Any] | None:
    """Content of a state file, or None if it is missing or truncated."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
