"""Trains and tests the runs of a protocol as subprocesses, and collects what they measured."""

import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _entry import child
from mmengine.config import Config

from actionclip_mm.clip.weight_files import sha256
from actionclip_mm.evaluation import read_video_scores
from actionclip_mm.protocols.card import COUNTS
from actionclip_mm.protocols.derive import METRICS_FILE, SCORES_FILE, test_config, train_config
from actionclip_mm.protocols.materials import Material
from actionclip_mm.protocols.per_class import measure_classes
from actionclip_mm.protocols.plan import Job
from actionclip_mm.protocols.protocol import Protocol
from actionclip_mm.utils import name_errors, write_json

TOOLS = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Executor:
    """How jobs are carried out.

    Attributes:
        protocol: What is measured.
        leaf: Resolved config of the model.
        work_dir: Absolute path; every run has a folder in it.
        processes: Of this machine.
        resume: Whether what is finished is not repeated.
    """

    protocol: Protocol
    leaf: Config
    work_dir: Path
    processes: int
    resume: bool

    def run(self, job: Job, progress: str) -> list[dict[str, Any]]:
        """Results of all parts of a run, as a card takes them.

        Raises:
            RuntimeError: A training or a test ended with an error.
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
        """Where the scores of each video are, relative to the card, and their SHA-256."""
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
        config = train_config(self.leaf, job.train, folder, job.training_seed, start)
        started, done = folder / 'started.json', folder / 'done.json'
        last = last_checkpoint(folder) if self.resume else None
        state = dict(digest=digest(config, job.train, job.checkpoint, self.processes))
        if last is not None and _read(done) == state:
            print(f'{progress} {job.run.name}: was trained before')
            return last
        print(f'{progress} {job.run.name}: trains on {len(job.train.lines)} videos of '
              f'{len(job.train.names)} classes ({job.train.source})', flush=True)  # fmt: skip
        options = ['--work-dir', str(folder)]
        if last is not None and _read(started) == state:
            # by its path: where nothing is found, `--resume` alone would forget the checkpoint
            # that the training has to start from
            options += ['--resume', str(last)]
        else:
            (folder / 'last_checkpoint').unlink(missing_ok=True)
        done.unlink(missing_ok=True)
        path = write_config(config, folder)
        write_json(started, state)
        self._call('train', [str(path)], options, folder)
        trained = last_checkpoint(folder)
        if trained is None:
            raise RuntimeError(f'the training left no checkpoint in {folder}: add CheckpointHook')
        write_json(done, state)
        return trained

    def _test(
        self, name: str, part: str, material: Material, checkpoint: Path, sha: str, said: str
    ) -> dict[str, Any]:
        folder = self.work_dir / name / part
        config = test_config(self.leaf, self.protocol, material, folder)
        done = folder / 'result.json'
        state = digest(config, material, sha, 1)  # the number of processes changes nothing
        before = _read(done)
        scores = folder / SCORES_FILE
        if self.resume and before is not None and before.get('digest') == state:
            if scores.is_file() and before.get('scores') == sha256(scores):
                return before['measured']
        print(f'{said}: tests {len(material.lines)} videos of {len(material.names)} classes',
              flush=True)  # fmt: skip
        path = write_config(config, folder)
        self._call('test', [str(path), str(checkpoint)], ['--work-dir', str(folder)], folder)
        metrics = read_metrics(folder / METRICS_FILE, self.protocol.metrics)
        failed = (folder / 'failed_videos.txt').read_text(encoding='utf-8').splitlines()
        measured = dict(
            videos={key: int(metrics[f'videos/{key}']) for key in COUNTS},
            # the folder of the videos is this machine's own matter
            failed_videos=[line.replace(f'{material.folder}/', '', 1) for line in sorted(failed)],
            metrics={key: metrics[key] for key in self.protocol.metrics},
            per_class=measure_classes(read_video_scores(scores)),
        )
        write_json(done, dict(digest=state, scores=sha256(scores), measured=measured))
        return measured

    def _call(self, tool: str, arguments: list[str], options: list[str], folder: Path) -> None:
        if self.processes == 1:
            command = [sys.executable, '-W', 'ignore', str(TOOLS / f'{tool}.py'), *arguments]
        else:
            script = str(TOOLS / f'dist_{tool}.sh')
            command = ['bash', script, *arguments, str(self.processes)]
        call([*command, *options], folder / 'output.log')


def call(command: list[str], log: Path) -> None:
    """Runs a tool, shows how far it is, and keeps all that it says in a file.

    Raises:
        RuntimeError: It ended with an error; its last line says which.
    """
    env = {**os.environ, 'PYTHON': sys.executable, 'PORT': free_port()}
    last = ''
    options = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    with log.open('w', encoding='utf-8') as kept, child(
        command, **options, text=True, errors='replace', env=env
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            with name_errors(log):
                kept.write(line)
                kept.flush()
            if 'Error: ' in line and not line.startswith(' '):
                last = line.strip()
            if 'Epoch(' in line or ' ERROR ' in line:
                print(f'    {line.rstrip().split(" - ")[-1]}', flush=True)
    if process.returncode != 0:
        raise RuntimeError(f'{last or "it said nothing"} (all of it: {log})')


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint of a training, None where there is none."""
    try:
        path = Path((folder / 'last_checkpoint').read_text())
    except OSError:
        return None
    return path if path.is_file() else None


def read_metrics(path: Path, wanted: Sequence[str]) -> dict[str, float]:
    """The metrics that a test wrote.

    Raises:
        RuntimeError: There are none, or one is missing.
    """
    found = _read(path) or {}
    keys = [*wanted, *(f'videos/{name}' for name in COUNTS)]
    if not all(isinstance(found.get(key), (int, float)) for key in keys):
        raise RuntimeError(
            f'the test gave {", ".join(found) or "no metrics"} instead of {", ".join(keys)}'
        )
    return found


def _for_card(job: Job, part: str, material: Material, sha: str) -> dict[str, Any]:
    train = job.train
    return dict(
        run=job.run.name,
        part=part,
        seed=job.run.seed,
        training_seed=job.training_seed,
        classes=material.classes_for_card(),
        test_list=material.list_for_card(),
        train_list=train and train.list_for_card() | dict(source=train.source),
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
    """Changes with anything that decides a run."""
    if isinstance(checkpoint, Path):
        checkpoint = sha256(checkpoint)
    lists = (material.list_for_card()['sha256'], material.classes_for_card()['sha256'])
    files = [sha256(path) for path in files_of(config.model)]
    text = f'{config.pretty_text}\n{lists}\n{checkpoint}\n{processes}\n{files}'
    return hashlib.sha256(text.encode()).hexdigest()


def files_of(value: Any) -> list[Path]:
    """The files that a config names: weights to start from, templates, label lists."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [path for item in value for path in files_of(item)]
    return [Path(value)] if isinstance(value, str) and os.path.isfile(value) else []


def free_port() -> str:
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return str(sock.getsockname()[1])


def _read(path: Path) -> dict[str, Any] | None:
    """A file of ours, or None where it is not there or was cut short."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
