"""FlexibleRunner: which epoch a checkpoint says it is."""

from mmengine.runner import FlexibleRunner

from actionclip_mm import compat


class Strategy:
    def save_checkpoint(self, filename, *, extra_ckpt, **kwargs):
        self.saved = dict(extra_ckpt['meta'])


class Loop:
    epoch, iter, dataset = 1, 7, None


def save(runner, **kwargs):
    FlexibleRunner.save_checkpoint(runner, 'folder', 'epoch_1.pth', **kwargs)
    return runner.strategy.saved['epoch'], runner.strategy.saved['iter']


class Runner:
    """What save_checkpoint needs of a runner that stands behind its first epoch."""

    epoch, iter, experiment_name = 1, 7, 'tiny'
    train_dataloader = Loop
    cfg = type('Cfg', (), dict(pretty_text=''))
    message_hub = type('Hub', (), dict(state_dict=staticmethod(dict)))

    def __init__(self):
        self.strategy = Strategy()


def test_the_epoch_that_the_hook_says():
    compat.flexible_runner.epochs_of_the_flexible_runner()
    runner = Runner()
    assert save(runner, meta=dict(epoch=1, iter=7)) == (1, 7)
    assert 'save_checkpoint' not in vars(runner.strategy)
    assert save(runner) == (2, 7)  # inside of an epoch, nobody says
    assert save(runner, by_epoch=False) == (1, 8)


def test_applied_twice_is_applied_once():
    compat.flexible_runner.epochs_of_the_flexible_runner()
    before = FlexibleRunner.save_checkpoint
    compat.flexible_runner.epochs_of_the_flexible_runner()
    assert FlexibleRunner.save_checkpoint is before
