"""A run that was interrupted and resumed ends with the weights and logs of one that was not."""

from typing import Any

from mmaction.registry import HOOKS
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from ...utils.seeding import seed_all
from ...utils.wrapped_datasets import innermost_datasets

VALIDATED = 'last_validated'  # whatever begins with 'val' would be logged as a metric
SAMPLER_SEED = 'sampler_seed'


@HOOKS.register_module()
class ExactResumeHook(Hook):
    """Puts right what mmengine's ``--resume`` leaves different.

    A checkpoint holds weights, optimizer, schedulers, averages and the log. Three things are
    missing. Random numbers: this hook seeds the process from seed, iteration and rank before each
    iteration, and tells the data set (one with ``set_epoch``, :class:`RobustVideoDataset`), which
    seeds each sample from seed, epoch and index. The order of videos: where a config sets no seed,
    mmengine draws one for the sampler before it has read that of the checkpoint; the sampler's is
    saved here. And validation: if a run ended before the validation of its last checkpoint was
    saved, that is made up for before training goes on.

    Runs of epochs are resumed exactly as long as all videos can be read; which ones cannot is found
    out anew after an interruption, and what takes their place may differ.
    """

    def __init__(self) -> None:
        self._resumed = False

    def before_train(self, runner: Runner) -> None:
        """Notes whether the run goes on with an earlier one; the sampler keeps its seed."""
        self._resumed = _in_epochs(runner) and runner.epoch > 0
        sampler = _sampler(runner.train_dataloader)
        if hasattr(sampler, 'seed'):
            sampler.seed = runner.message_hub.get_info(SAMPLER_SEED, sampler.seed)
            runner.message_hub.update_info(SAMPLER_SEED, sampler.seed)

    def before_train_epoch(self, runner: Runner) -> None:
        """Validates what was saved but not validated, and tells the data set."""
        self._make_up_for_validation(runner)
        dataset = runner.train_dataloader.dataset
        for inner in innermost_datasets(dataset):
            if hasattr(inner, 'set_epoch'):
                # a loop of iterations is one endless epoch
                repeats = inner is not dataset or not _in_epochs(runner)
                inner.set_epoch(runner.seed, runner.epoch, repeats)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any | None = None
    ) -> None:
        """Seeds Python, numpy and torch."""
        seed_all(runner.seed, runner.iter, get_rank())

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Notes what has been validated, before a checkpoint is saved."""
        runner.message_hub.update_info(VALIDATED, runner.epoch)

    def after_train(self, runner: Runner) -> None:
        """Validates the last epoch, if the run ended before."""
        self._make_up_for_validation(runner)

    def _make_up_for_validation(self, runner: Runner) -> None:
        resumed, self._resumed = self._resumed, False
        if not resumed or runner.val_loop is None:
            return
        loop, epoch = runner.train_loop, runner.epoch
        loop._decide_current_val_interval()  # noqa: SLF001
        due = epoch % loop.val_interval == 0 or epoch == loop.max_epochs
        if due and epoch >= loop.val_begin and runner.message_hub.get_info(VALIDATED, 0) < epoch:
            runner.logger.info(f'Epoch {epoch} was saved but not validated; that comes first.')
            hub = runner.message_hub
            now = {key: hub.get_info(key) for key in ('epoch', 'iter')}
            for key, value in (('epoch', epoch - 1), ('iter', runner.iter - 1)):
                hub.update_info(key, value)  # those of the last step, as it would have been then
            runner.val_loop.run()
            for key, value in now.items():
                hub.update_info(key, value)


def _in_epochs(runner: Runner) -> bool:
    return isinstance(runner.train_loop, EpochBasedTrainLoop)


def _sampler(loader: DataLoader) -> Any:
    return getattr(loader.batch_sampler, 'sampler', loader.sampler)
