"""A new checkpoint is on the disk before an older one leaves it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mmaction.registry import HOOKS
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """mmengine's hook, which removes the oldest and the best checkpoint before it saves the next.

    With ``max_keep_ckpts=1`` a crash in between would lose everything, and at any number it would
    lose the best one. Here files are removed when their successors have been written.

    Args:
        *args: As in mmengine.
        **kwargs: As in mmengine.
    """

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        with self._removing_last():
            super()._save_checkpoint_with_step(runner, step, meta)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        with self._removing_last():
            super()._save_best_checkpoint(runner, metrics)

    @contextmanager
    def _removing_last(self) -> Iterator[None]:
        """Removals are noted within the block and made at its end, but not if it fails."""
        backend: Any = getattr(self, 'file_backend')  # noqa: B009  (the host gives it no type)
        noted: list[tuple[Callable, Any]] = []
        self.file_backend = _Noting(backend, noted)
        try:
            yield
        finally:
            self.file_backend = backend
        for remove, path in noted:
            if path != self.last_ckpt and path != getattr(self, 'best_ckpt_path', None):
                remove(path)


class _Noting:
    """A file backend that notes removals."""

    def __init__(self, backend: Any, noted: list[tuple[Callable, Any]]) -> None:
        self._backend = backend
        self.remove = lambda path: noted.append((backend.remove, path))
        self.rmtree = lambda path: noted.append((backend.rmtree, path))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)
