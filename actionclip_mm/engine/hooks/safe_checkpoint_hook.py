"""Remove a checkpoint only after the next one is on disk."""

import os.path as osp
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmaction.registry import HOOKS
from mmengine.dist import master_only
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from ...converters.description import KEY, describe
from ...utils.whole_files import PART

SUPERSEDED = 'superseded_ckpts'


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """mmengine's hook, but old checkpoints are removed after the new one is saved, not before.

    Otherwise a crash in between loses the best checkpoint, and with ``max_keep_ckpts=1`` all. The
    next run removes files that a crash leaves; a run in a copied folder does not touch the
    original.

    Args:
        *args: As in mmengine.
        **kwargs: As in mmengine.
    """

    def before_train(self, runner: Runner) -> None:
        """Continue with the files of an earlier run, and remove what its crash left."""
        super().before_train(runner)
        # a validation that was missed adds its best score to the last checkpoint
        self.last_ckpt = runner.message_hub.get_info('last_ckpt')
        best = getattr(self, 'best_ckpt_path', None)
        if best:
            self.best_ckpt_path = self._here(best)
        for key, path in self._several_best().items():
            self.best_ckpt_path_dict[key] = path and self._here(path)
        self._remove_leftovers(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add what prediction needs, so that the file is enough (``predict --checkpoint``)."""
        model = getattr(runner.model, 'module', runner.model)
        if hasattr(model, 'cls_head') and 'model' in runner.cfg:
            try:
                checkpoint['meta'][KEY] = describe(model, runner.cfg)
            except ValueError as error:  # a config of objects: prediction needs it
                runner.logger.warning(f'The checkpoint will need --config: {error}')

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        with self._removing_last(runner):
            super()._save_checkpoint_with_step(runner, step, meta)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        with self._removing_last(runner):
            super()._save_best_checkpoint(runner, metrics)

    def _here(self, path: str) -> str:
        return osp.join(self.out_dir, osp.basename(path))

    def _several_best(self) -> dict[str, str | None]:
        return getattr(self, 'best_ckpt_path_dict', {})  # absent unless save_best has several names

    def _is_in_use(self, path: str) -> bool:
        best = getattr(self, 'best_ckpt_path', None)
        kept = {self.last_ckpt, best, *self._several_best().values()}
        return osp.basename(path) in {osp.basename(file) for file in kept if file}

    @master_only
    def _remove_leftovers(self, runner: Runner) -> None:
        for name in runner.message_hub.get_info(SUPERSEDED, []):
            path = self._here(name)
            if not self._is_in_use(path) and self.file_backend.isfile(path):
                self.file_backend.remove(path)
        runner.message_hub.update_info(SUPERSEDED, [])
        if isinstance(self.file_backend, LocalBackend):
            for half in Path(self.out_dir).glob(f'.*.pth.*{PART}'):
                half.unlink()

    @contextmanager
    def _removing_last(self, runner: Runner) -> Iterator[None]:
        """Defer removals to the end of the block; an error cancels them."""
        backend: Any = getattr(self, 'file_backend')  # noqa: B009  (the host gives it no type)
        deferred: list[tuple[Callable, str]] = []

        def defer(remove: Callable, path: str) -> None:
            deferred.append((remove, path))
            names = [*runner.message_hub.get_info(SUPERSEDED, []), osp.basename(path)]
            runner.message_hub.update_info(SUPERSEDED, names)  # saved in the new checkpoint

        self.file_backend = _DeferringBackend(backend, defer)
        try:
            yield
        finally:
            self.file_backend = backend
        for remove, path in deferred:
            if not self._is_in_use(path):
                remove(path)
        if deferred and not isinstance(backend, _DeferringBackend):
            runner.message_hub.update_info(SUPERSEDED, [])


class _DeferringBackend:
    """A file backend that defers removals."""

    def __init__(self, backend: Any, defer: Callable) -> None:
        self._backend = backend
        self.remove = lambda path: defer(backend.remove, path)
        self.rmtree = lambda path: defer(backend.rmtree, path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)
