"""Run a protocol from Python: plan, train, test, and write the result card."""

import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..clip.weight_files import sha256
from ..utils import WorkDirLock, write_text
from ..utils.carried_files import carried
from .card import Card, make_card, write_card
from .card_markdown import to_markdown
from .executor import Executor
from .facts import origin_facts, training_facts
from .plan import Plan, make_plan
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
    from ..compat import at_run  # noqa: F401  names in written configs are escaped

    plan = make_plan(request, carried('configs'))
    folder = work_dir.resolve()
    with WorkDirLock(folder, command):
        executor = Executor(plan, folder, processes, resume)
        card = _measure(executor, request.checkpoints, shlex.join(command))
        write_card(card, folder / 'card.json')
        write_text(folder / 'card.md', to_markdown(card), errors='backslashreplace')
    return card


def _paths(paths: Paths) -> tuple[Path, ...]:
    return (Path(paths),) if isinstance(paths, (str, Path)) else tuple(map(Path, paths))


def _measure(executor: Executor, checkpoints: Sequence[Path], command: str) -> Card:
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
