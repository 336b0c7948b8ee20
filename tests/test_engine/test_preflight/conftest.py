"""Runs that are about to start, without models: what the questions of a preflight look at."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from mmaction.datasets import VideoDataset
from mmengine.config import Config
from mmengine.dataset import DefaultSampler
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop
from torch.utils.data import DataLoader

from actionclip_mm.engine.preflight import CHECKS, Finding, RunView


@pytest.fixture
def dataset(tmp_path) -> Callable[..., VideoDataset]:
    """Function that makes a data set of lines such as ``'a.mp4 0'``."""

    def make(*lines: str, **kwargs: Any) -> VideoDataset:
        path = tmp_path / f'list{len(list(tmp_path.iterdir()))}.txt'
        path.write_text('\n'.join(lines))
        return VideoDataset(str(path), pipeline=[], serialize_data=False, **kwargs)

    return make


@pytest.fixture
def runner(tmp_path) -> Callable[..., SimpleNamespace]:
    """Function that makes a runner of data sets (or loaders) and what its config says."""

    def make(
        train: Any = None,
        val: Any = None,
        test: Any = None,
        hooks: tuple = (),
        metrics: tuple = (),
        evaluator: Any = None,
        loop: dict | None = None,
        iterations: int | None = None,
        schedulers: Any = None,
        cfg: dict | None = None,
        loader: dict | None = None,
        shuffle: bool = True,
        **head: Any,
    ) -> SimpleNamespace:
        model = SimpleNamespace(cls_head=SimpleNamespace(**(dict(num_classes=3) | head)))
        options = dict(batch_size=2) | (loader or {})

        def loaded(data: Any) -> Any:
            if data is None or isinstance(data, (DataLoader, SimpleNamespace)):
                return data
            return DataLoader(data, sampler=DefaultSampler(data, shuffle, seed=0), **options)

        def measured(data: Any) -> Any:
            if data is None:
                return None
            return SimpleNamespace(dataloader=loaded(data), evaluator=evaluator)

        evaluator = evaluator or SimpleNamespace(metrics=list(metrics))
        return SimpleNamespace(
            model=model,
            hooks=hooks,
            cfg=Config(cfg or {}),
            work_dir=str(tmp_path),
            param_schedulers=schedulers,
            _train_loop=_train_loop(loaded(train), iterations, **(loop or {})),
            _val_loop=measured(val),
            _test_loop=measured(test),
        )

    return make


def _train_loop(loader: Any, iterations: int | None, **options: Any) -> Any:
    if loader is None:
        return None
    kind = EpochBasedTrainLoop if iterations is None else IterBasedTrainLoop
    loop = kind.__new__(kind)
    loop.dataloader = loader
    loop.val_begin, loop.val_interval = options.get('val_begin', 1), options.get('val_interval', 1)
    loop._max_epochs = options.get('max_epochs', 4) if iterations is None else 1
    batches = len(loader) if isinstance(loader, DataLoader) else 1
    loop._max_iters = loop._max_epochs * batches if iterations is None else iterations
    return loop


@pytest.fixture
def ask() -> Callable[..., list[Finding]]:
    """Function that gives the findings of one question."""

    def findings(name: str, runner: Any, stage: str = 'train') -> list[Finding]:
        return list(CHECKS[name](RunView(runner, stage)))

    return findings


@pytest.fixture
def refused(ask) -> Callable[..., str]:
    """Function that gives the one refusal of a question, which must be one line."""

    def text(name: str, runner: Any, stage: str = 'train') -> str:
        found = ask(name, runner, stage)
        assert [finding.refused for finding in found] == [True], found
        assert '\n' not in found[0].text
        return found[0].text

    return text


@pytest.fixture
def warned(ask) -> Callable[..., str]:
    """Function that gives the one warning of a question, which must be one line."""

    def text(name: str, runner: Any, stage: str = 'train') -> str:
        found = ask(name, runner, stage)
        assert [finding.refused for finding in found] == [False], found
        assert '\n' not in found[0].text
        return found[0].text

    return text
