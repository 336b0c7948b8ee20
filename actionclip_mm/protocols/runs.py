"""Run a protocol: train and test its runs in processes of their own, then write the result card."""

import hashlib
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..clip.weight_files import sha256
from ..evaluation import read_video_scores
from ..utils import WorkDirLock, name_errors, write_json, write_text
from ..utils.child_process import child
from ..utils.shipped_files import shipped
from .card import COUNTS, Card, make_card, write_card
from .card_markdown import to_markdown
from .configs import METRICS_FILE, SCORES_FILE, test_config, train_config
from .facts import class_results, origin_facts, training_facts
from .materials import Material
from .plan import Job, Plan, make_plan
from .request import Request

Paths = str | Path | Sequence[str | Path]


def run(
    protocol: str,
    checkpoint: Paths = (),
    *,
    test_only: bool = False,
    config: str | Path | None = None,
    data_root: str | Path = 'data',
    work_dir: str | Path | None = None,
    processes: int = 1,
    resume: bool = False,
    seed: int | None = None,
    seeds: Sequence[int] = (),
    nested: bool = False,
    train_list: Paths = (),
    base_labels: str | Path | None = None,
    templates: str | None = None,
    cfg_options: dict[str, Any] | None = None,
    command: Sequence[str] | None = None,
) -> Card:
    """Measure a model under a protocol; ``actionclip protocol`` from Python.

    Everything that can be checked is checked before anything is trained. Training and testing run
    in child processes; ``work_dir`` gets ``card.json``, ``card.md`` and a folder for each run.

    Args:
        protocol: Name of a protocol, see :func:`~.families.describe_protocols`.
        checkpoint: Model to test, or to start training from (CLIP without one): one for all runs
            or one per run.
        test_only: Test ``checkpoint`` and train nothing.
        config: Leaf config that replaces the protocol's own.
        data_root: Folder of the data sets.
        work_dir: Defaults to ``work_dirs/protocols/PROTOCOL``.
        processes: Processes of this machine, one per GPU.
        resume: Keep finished trainings and tests of the same config, lists and checkpoint.
        seed: Seed of trainings. Defaults to that of the draw.
        seeds: Seeds of draws, one run each.
        nested: Draw so that 4 shots contain the 2 shots of the same seed.
        train_list: Published training list that replaces the draw: one for all runs or one per
            run.
        base_labels: File of published base classes (base-to-novel).
        templates: Preset or file of prompt templates.
        cfg_options: Dotted config keys and their values.
        command: Command line for the card. Defaults to ``sys.argv``.

    Raises:
        ValueError: An option that the protocol does not have, or files that do not fit.
        FileNotFoundError: A missing file or folder.
        RuntimeError: A training or test failed, or another run uses ``work_dir``.
    """
    request = Request(
        protocol=protocol,
        checkpoints=_paths(checkpoint),
        test_only=test_only,
        config=None if config is None else Path(config),
        data_root=Path(data_root),
        seed=seed,
        seeds=seeds,
        nested=nested,
        train_lists=_paths(train_list),
        base_labels=None if base_labels is None else Path(base_labels),
        templates=templates,
        options=cfg_options or {},
    )
    folder = Path('work_dirs', 'protocols', protocol) if work_dir is None else Path(work_dir)
    command = sys.argv if command is None else command
    return execute(request, folder, processes, resume, command)


def execute(
    request: Request, work_dir: Path, processes: int, resume: bool, command: Sequence[str]
) -> Card:
    """:func:`run` of a request."""
    plan = make_plan(request, shipped('configs'))
    folder = work_dir.resolve()
    with WorkDirLock(folder, command):
        executor = Executor(plan, folder, processes, resume)
        card = _measure(executor, request.checkpoints, shlex.join(command))
        write_card(card, folder / 'card.json')
        write_text(folder / 'card.md', to_markdown(card), errors='backslashreplace')
    return card


def _paths(paths: Paths) -> tuple[Path, ...]:
    return (Path(paths),) if isinstance(paths, (str, Path)) else tuple(map(Path, paths))


def _measure(executor: 'Executor', checkpoints: Sequence[Path], command: str) -> Card:
    start = time.time()
    plan = executor.plan
    protocol = plan.protocol
    print(f'{protocol.id}: {protocol.meaning}', flush=True)
    for text in plan.differences:
        print(f'Note: {text}', flush=True)
    results: list[dict[str, Any]] = []
    for number, job in enumerate(plan.jobs, start=1):
        results += executor.run(job, f'[{number}/{len(plan.jobs)}]')
    given = [sha256(path) for path in checkpoints]
    training = None
    if plan.jobs[0].train is not None:
        training = training_facts(plan.leaf, start_of(plan, given), plan.draws, executor.processes)
    return make_card(
        protocol=dict(
            id=protocol.id,
            meaning=protocol.meaning,
            dataset=protocol.benchmark.name,
            shots=protocol.shots,
            statistic=protocol.statistic.rule(len(plan.jobs)),
            differences=plan.differences,
        ),
        model=replace(plan.model, checkpoint_sha256=given[0] if len(set(given)) == 1 else None),
        text=plan.text,
        test=plan.test,
        training=training,
        runs=results,
        statistics=protocol.statistic.compute(results),
        evidence=executor.evidence(results),
        made=origin_facts(start, executor.processes, command),
    )


def start_of(plan: Plan, checkpoints: Sequence[str]) -> str:
    """What a training starts from, in words; checkpoints are named by their hashes."""
    if checkpoints:
        return f'checkpoint {", ".join(checkpoints)}'
    if plan.leaf.get('load_from') is not None:
        return f'{plan.leaf["load_from"]} (config)'
    pretrained = plan.model.pretrained
    return 'weights of the config' if pretrained is None else f'CLIP ({pretrained})'


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
            # by its path: where nothing is found, `--resume` alone would forget the checkpoint
            # that the training has to start from
            options = ['--resume', str(last)]
        else:
            (folder / 'last_checkpoint').unlink(missing_ok=True)
        done.unlink(missing_ok=True)
        path = write_config(config, folder)
        write_json(started, state)
        self._call('train', str(path), *options, folder=folder)
        trained = last_checkpoint(folder)
        if trained is None:
            raise RuntimeError(f'the training left no checkpoint in {folder}: add CheckpointHook')
        write_json(done, state)
        return trained

    def _test(
        self, name: str, part: str, material: Material, checkpoint: Path, sha: str, said: str
    ) -> dict[str, Any]:
        folder = self.work_dir / name / part
        config = test_config(self.plan.leaf, self.plan.protocol, material, folder)
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
        self._call('test', str(path), str(checkpoint), folder=folder)
        metrics = read_metrics(folder / METRICS_FILE, self.plan.protocol.metrics)
        failed = (folder / 'failed_videos.txt').read_text(encoding='utf-8').splitlines()
        measured = dict(
            videos={key: int(metrics[f'videos/{key}']) for key in COUNTS},
            # the folder of the videos is this machine's own matter
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
    """Runs a tool, shows how far it is, and keeps all that it says in a file.

    Raises:
        RuntimeError: It ended with an error; its last line says which.
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
    """Changes with anything that decides a run."""
    if isinstance(checkpoint, Path):
        checkpoint = sha256(checkpoint)
    lists = (material.list_facts().sha256, material.class_facts().sha256)
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
