"""Resume exactly: weights and logs equal those of a run without interruption."""

from typing import Any

from mmaction.registry import HOOKS
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from ...utils.seeding import seed_all
from ...utils.wrapped_datasets import innermost_datasets

VALIDATED = 'last_validated'  # names that start with 'val' would be logged as metrics
SAMPLER_SEED = 'sampler_seed'


@HOOKS.register_module()
class ExactResumeHook(Hook):
    """Restore what mmengine's ``--resume`` does not.

    A checkpoint holds weights, optimizer, schedulers, averages and the log. This hook adds:

    - Random numbers: the process is seeded from seed, iteration and rank before each iteration, and
      data sets with ``set_epoch`` (:class:`RobustVideoDataset`) seed each sample from seed, epoch
      and index.
    - The order of videos: without a seed in the config, mmengine draws one for the sampler before
      it reads the checkpoint's. The sampler's seed is saved here.
    - Validation: if a run ended before the validation of its last checkpoint was saved, it is run
      before training continues.

    Runs of epochs resume exactly if all videos can be read. Unreadable videos are found again after
    an interruption, and their replacements may differ.
    """

    def __init__(self) -> None:
        self._resumed = False

    def before_train(self, runner: Runner) -> None:
        """Restore the sampler's seed, and record whether this run was resumed."""
        self._resumed = _in_epochs(runner) and runner.epoch > 0
        sampler = _sampler(runner.train_dataloader)
        if hasattr(sampler, 'seed'):
            sampler.seed = runner.message_hub.get_info(SAMPLER_SEED, sampler.seed)
            runner.message_hub.update_info(SAMPLER_SEED, sampler.seed)

    def before_train_epoch(self, runner: Runner) -> None:
        """Validate an epoch that was saved but not validated, and seed the data set."""
        self._run_missed_validation(runner)
        dataset = runner.train_dataloader.dataset
        for inner in innermost_datasets(dataset):
            if hasattr(inner, 'set_epoch'):
                # a loop of iterations is one epoch
                repeats = inner is not dataset or not _in_epochs(runner)
                inner.set_epoch(runner.seed, runner.epoch, repeats)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any | None = None
    ) -> None:
        """Seed Python, numpy and torch."""
        seed_all(runner.seed, runner.iter, get_rank())

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Record what has been validated, before a checkpoint is saved."""
        runner.message_hub.update_info(VALIDATED, runner.epoch)

    def after_train(self, runner: Runner) -> None:
        """Validate the last epoch if the previous run ended before."""
        self._run_missed_validation(runner)

    def _run_missed_validation(self, runner: Runner) -> None:
        resumed, self._resumed = self._resumed, False
        if not resumed or runner.val_loop is None:
            return
        loop, epoch = runner.train_loop, runner.epoch
        loop._decide_current_val_interval()  # noqa: SLF001
        due = epoch % loop.val_interval == 0 or epoch == loop.max_epochs
        if due and epoch >= loop.val_begin and runner.message_hub.get_info(VALIDATED, 0) < epoch:
            runner.logger.info(f'Epoch {epoch} was saved but not validated; validating it first.')
            hub = runner.message_hub
            now = {key: hub.get_info(key) for key in ('epoch', 'iter')}
            for key, value in (('epoch', epoch - 1), ('iter', runner.iter - 1)):
                hub.update_info(key, value)  # of the last step, as it was then
            runner.val_loop.run()
            for key, value in now.items():
                hub.update_info(key, value)


def _in_epochs(runner: Runner) -> bool:
    return isinstance(runner.train_loop, EpochBasedTrainLoop)


def _sampler(loader: DataLoader) -> Any:
    return getattr(loader.batch_sampler, 'sampler', loader.sampler)
