"""Plan a protocol run: resolve and check everything before anything is trained."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from ..apis.building import build_trained, load_strictly
from ..benchmarks import published_lists
from .card import ModelFacts, TestFacts, TextFacts
from .configs import (
    check_options_kept,
    read_leaf,
    reads_rawframes,
    set_views,
    test_config,
    train_config,
)
from .facts import model_facts, test_facts, text_facts
from .families import get_protocol
from .materials import Choices, DataFolder, Material
from .protocol import Protocol, Run
from .request import Request


@dataclass(frozen=True)
class Job:
    """One run with its videos.

    Attributes:
        run: Split or seed.
        tests: Part -> its videos and classes.
        train: Training videos and classes, None where nothing is trained.
        checkpoint: Checkpoint to test or to start training from; None for CLIP.
        training_seed: None where nothing is trained.
    """

    run: Run
    tests: dict[str, Material]
    train: Material | None
    checkpoint: Path | None
    training_seed: int | None


@dataclass(frozen=True)
class Plan:
    """The runs, and sections of the card.

    Attributes:
        protocol: With the requested seeds.
        leaf: Resolved config of the model, with the protocol's views.
        jobs: The runs.
        model, text, test: Sections of the card.
        differences: Sentences on what differs from the published protocol.
        draws: How the training videos were chosen.
    """

    protocol: Protocol
    leaf: Config
    jobs: tuple[Job, ...]
    model: ModelFacts
    text: TextFacts | None
    test: TestFacts
    differences: list[str]
    draws: str


def make_plan(request: Request, configs: Path) -> Plan:
    """Resolve configs, lists and checkpoints of all runs.

    Args:
        request: What the user asks for.
        configs: Folder of the leaf configs.

    Raises:
        ValueError: An option that the protocol does not have, broken lists or configs, or a
            checkpoint that does not fit.
        FileNotFoundError: A missing list, folder, config or checkpoint.
    """
    protocol = request.resolve()
    leaf_path = request.config or configs / protocol.leaf
    trains = protocol.trains and not request.test_only
    leaf = read_leaf(leaf_path, request.options, trains)
    set_views(leaf, protocol.views, protocol.id)
    _set_templates(leaf, request.templates)
    folder = DataFolder(
        request.data_root / protocol.benchmark.name, protocol, rawframes=reads_rawframes(leaf)
    )
    jobs = tuple(_jobs(request, protocol, folder))
    _check_head(leaf, protocol, jobs)
    tested = _first_test_config(leaf, protocol, jobs[0])
    check_options_kept(_first_configs(tested, leaf, jobs[0]), request.options)
    model = build_trained(tested, None)
    if jobs[0].train is None or _starts_strictly(leaf):
        for checkpoint in dict.fromkeys(request.checkpoints):
            load_strictly(model, str(checkpoint))
    try:
        name = str(leaf_path.resolve().relative_to(configs.resolve().parent))
    except ValueError:  # the user's own, elsewhere
        name = leaf_path.name
    return Plan(
        protocol=protocol,
        leaf=leaf,
        jobs=jobs,
        model=model_facts(leaf, model, name, request.options),
        text=text_facts(leaf, model),
        test=test_facts(tested, model),
        differences=_differences(request, protocol, jobs),
        draws=_draws(jobs),
    )


def _starts_strictly(leaf: Config) -> bool:
    """Whether training refuses a checkpoint that does not fit the model."""
    hook = (leaf.get('default_hooks') or {}).get('check_weights')
    return hook is not None and not hook.get('allow_partial', False)


def _set_templates(leaf: Config, templates: str | None) -> None:
    if templates is None:
        return
    encoder = leaf.model.cls_head.get('label_encoder')
    if encoder is None:
        raise ValueError(
            f'--templates={templates} has no effect on {leaf.model.cls_head.type}, which reads no '
            'texts: omit it.'
        )
    encoder.templates = templates


def _jobs(request: Request, protocol: Protocol, folder: DataFolder) -> list[Job]:
    number = len(protocol.runs)
    checkpoints = _one_each(request.checkpoints, number)
    train_lists = _one_each(request.train_lists, number)
    jobs = []
    for run, checkpoint, train_list in zip(protocol.runs, checkpoints, train_lists, strict=True):
        choices = Choices(request.nested, train_list, request.base_labels)
        trains = run.train is not None and not request.test_only
        seed = run.seed if request.seed is None else request.seed
        jobs.append(
            Job(
                run=run,
                tests={part: folder.test(run, part, choices) for part in run.tests},
                train=folder.train(run, choices) if trains else None,
                checkpoint=None if checkpoint is None else checkpoint.resolve(),
                training_seed=seed if trains else None,
            )
        )
    return jobs


def _one_each(paths: Sequence[Path], number: int) -> list[Path | None]:
    """One path per run; a single one serves all."""
    return list(paths) if len(paths) == number else [paths[0] if paths else None] * number


def _check_head(leaf: Config, protocol: Protocol, jobs: Sequence[Job]) -> None:
    """Refuse a head without texts where classes are tested that it was not trained on."""
    if 'label_encoder' in leaf.model.cls_head:
        return
    job = jobs[0]
    known = job.train and job.train.names
    if protocol.unseen_classes or any(known not in (None, m.names) for m in job.tests.values()):
        raise ValueError(
            f'{protocol.id} tests classes that were not trained, but the head '
            f'{leaf.model.cls_head.type} of the config reads no class names: use a config with a '
            'label_encoder.'
        )


def _first_test_config(leaf: Config, protocol: Protocol, job: Job) -> Config:
    material = next(iter(job.tests.values()))
    with tempfile.TemporaryDirectory() as folder:
        config = test_config(leaf, protocol, material, Path(folder))
        if 'label_encoder' in config.model.cls_head:  # the file is temporary
            config.model.cls_head.label_encoder.labels = list(material.names)
    return config


def _first_configs(tested: Config, leaf: Config, job: Job) -> list[Config]:
    """Configs of the first run, made in a temporary folder."""
    if job.train is None:
        return [tested]
    with tempfile.TemporaryDirectory() as folder:
        start = None if job.checkpoint is None else str(job.checkpoint)
        return [tested, train_config(leaf, job.train, Path(folder), job.training_seed or 0, start)]


def _differences(request: Request, protocol: Protocol, jobs: Sequence[Job]) -> list[str]:
    texts = []
    for job in jobs:
        for part, material in job.tests.items():
            texts += _other_lists(f'{job.run.name} {part}', material)
        if job.train is not None:
            texts += _other_lists(f'{job.run.name} training', job.train)
    if protocol.runs != get_protocol(protocol.id).runs:
        texts.append(f'Seeds {", ".join(map(str, request.seeds))} were asked for.')
    if request.base_labels is not None:
        texts.append(f'Base classes are those of {request.base_labels.name}, not of the rule.')
    if request.test_only:
        texts.append('Nothing was trained: the given checkpoint was tested.')
    return texts


def _other_lists(place: str, material: Material) -> list[str]:
    """Say which classes and videos are not those of a published list, by hash."""
    if not material.published:
        return []
    lists = [published_lists()[name] for name in material.published]
    sizes = ' or '.join(dict.fromkeys(f'{known.size:,}' for known in lists))
    texts = []
    if material.class_facts().published is None:
        texts.append(f'{place}: the {len(material.names)} classes are not the published ones.')
    if material.list_facts().published is None:
        texts.append(
            f'{place}: the {len(material.lines):,} videos are not those of a published list '
            f'({sizes} videos; {lists[0].source}).'
        )
    return texts


def _draws(jobs: Sequence[Job]) -> str:
    return '; '.join(dict.fromkeys(job.train.source for job in jobs if job.train is not None))
