"""Validate or test on other classes than the training's: zero-shot transfer."""

from collections.abc import Sequence
from typing import Any

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...models.heads.video_text_head import head_with_labels

Labels = str | Sequence[str]


@HOOKS.register_module()
class LabelSwitchHook(Hook):
    """Switch the head's classes for validation or testing, and restore them afterwards.

    Args:
        val: Class names or label file of the validation data; None keeps the training's.
        test: The same for testing.
        templates: Templates for these classes; None keeps the training's.

    Raises:
        ValueError: Neither ``val`` nor ``test`` is given, or (when the run starts) the head's
            classes are fixed.
    """

    priority = 'VERY_HIGH'  # before hooks that read the classes

    def __init__(
        self,
        val: Labels | None = None,
        test: Labels | None = None,
        templates: Labels | None = None,
    ) -> None:
        if val is None and test is None:
            raise ValueError('LabelSwitchHook needs labels: set val, test or both.')
        self.val, self.test, self.templates = val, test, templates
        self._before: tuple[Labels, Any] | None = None

    def before_run(self, runner: Runner) -> None:
        _head(runner)  # fail now, not after the first epoch, if its classes are fixed

    def before_val(self, runner: Runner) -> None:
        self._switch(runner, self.val)

    def after_val(self, runner: Runner) -> None:
        self._restore(runner)

    def before_test(self, runner: Runner) -> None:
        self._switch(runner, self.test)

    def after_test(self, runner: Runner) -> None:
        self._restore(runner)

    def _switch(self, runner: Runner, labels: Labels | None) -> None:
        if labels is None:
            return
        head = _head(runner)
        self._before = (head.label_encoder.labels, head.label_encoder.prompts)
        head.set_labels(labels, self.templates)
        runner.logger.info(f'Evaluating on {head.num_classes} classes of LabelSwitchHook.')

    def _restore(self, runner: Runner) -> None:
        if self._before is not None:
            _head(runner).set_labels(*self._before)
            self._before = None


def _head(runner: Runner) -> Any:
    return head_with_labels(getattr(runner.model, 'module', runner.model))
