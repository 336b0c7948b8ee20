"""Labels of the lists: what is refused, what passes, and that wrappers are looked through."""

from types import SimpleNamespace

import pytest
from mmengine.dataset import BaseDataset, ConcatDataset, RepeatDataset
from torch.utils.data import Subset

from actionclip_mm.engine import LabelSwitchHook
from actionclip_mm.models.losses import VideoAllTextKLLoss, VideoTextBCELoss, VideoTextKLLoss


class Hook:
    """Asks as a run would, and raises the first refusal."""

    def __init__(self, ask):
        self.ask = ask

    def check(self, runner, stage):
        for finding in self.ask('class_labels', runner, stage):
            assert finding.refused and '\n' not in finding.text
            raise ValueError(finding.text)

    def before_train(self, runner):
        self.check(runner, 'train')

    def before_val(self, runner):
        self.check(runner, 'val')

    def before_test(self, runner):
        self.check(runner, 'test')


@pytest.fixture
def hook(ask):
    return Hook(ask)


@pytest.mark.parametrize('loop', ['train', 'val', 'test'])
def test_good_labels_pass(hook, runner, dataset, loop):
    good = dataset('a.mp4 0', 'b.mp4 2')
    getattr(hook, f'before_{loop}')(runner(**{loop: good}))  # training without validation, too


@pytest.mark.parametrize('label', [3, -1])
def test_a_label_without_a_class(hook, runner, dataset, label):
    bad = dataset('a.mp4 0', f'b.mp4 {label}', 'c.mp4 1')
    message = rf"'b.mp4' \(2 of 3 in {bad.ann_file}\) has label {label}, but .* 3 classes.* 0 to 2"
    with pytest.raises(ValueError, match=message) as error:
        hook.before_train(runner(bad))
    assert '\n' not in str(error.value)
    with pytest.raises(ValueError, match=message):
        hook.before_train(runner(dataset('a.mp4 0'), bad))  # validation comes an epoch later
    with pytest.raises(ValueError, match=message):
        hook.before_val(runner(val=bad))


def test_labels_out_of_range_are_refused_in_testing_too(hook, runner, dataset):
    with pytest.raises(ValueError, match='label 3'):
        hook.before_test(runner(test=dataset('a.mp4 3')))


def test_videos_without_labels_may_be_tested(hook, runner, dataset):
    data = dataset('a.mp4', 'b.mp4')
    hook.before_test(runner(test=data))


@pytest.mark.parametrize(
    'wrap',
    [
        lambda good, bad: RepeatDataset(bad, times=2),
        lambda good, bad: ConcatDataset([good, bad]),
        lambda good, bad: Subset(ConcatDataset([good, bad]), [0]),
    ],
)
def test_wrapped_data_sets_and_models(hook, runner, dataset, wrap):
    plain = runner(wrap(dataset('a.mp4 0'), dataset('b.mp4 7')))
    with pytest.raises(ValueError, match=r"'b.mp4' .* has label 7"):
        hook.before_train(plain)
    plain.model = SimpleNamespace(module=plain.model)
    with pytest.raises(ValueError, match=r"'b.mp4' .* has label 7"):
        hook.before_train(plain)


def test_several_labels(hook, runner, dataset):
    good = dataset('a.mp4 0 2', 'b.mp4 1', multi_class=True, num_classes=3)
    hook.before_train(runner(good, multi_class=True))
    bad = dataset('a.mp4 0 2', 'b.mp4 1 3', multi_class=True, num_classes=3)
    with pytest.raises(ValueError, match=r"'b.mp4' \(2 of 2 .* has label 3"):
        hook.before_train(runner(bad, multi_class=True))
    other = dataset('a.mp4 0 2', multi_class=True, num_classes=4)
    with pytest.raises(ValueError, match=r'num_classes=4 but the head has 3'):
        hook.before_train(runner(other, multi_class=True))


def test_videos_without_a_label_among_several(hook, runner, dataset):
    """They may be tested, and train a loss over the texts of all classes."""
    data = dataset('a.mp4 0 2', 'b.mp4', multi_class=True, num_classes=3)
    for loss in (VideoAllTextKLLoss(), VideoTextBCELoss()):
        hook.before_train(runner(data, data, multi_class=True, loss_cls=loss))
    loss = VideoTextKLLoss()
    hook.before_test(runner(test=data, multi_class=True, loss_cls=loss))
    again = dataset('a.mp4 0 2', 'b.mp4', multi_class=True, num_classes=3)
    with pytest.raises(ValueError, match=r"'b.mp4' \(2 of 2 .* no label, but VideoTextKLLoss"):
        hook.before_train(runner(again, multi_class=True, loss_cls=loss))


def test_only_one_of_data_and_head_is_multi_label(hook, runner, dataset):
    several = dataset('a.mp4 0 2', multi_class=True, num_classes=3)
    with pytest.raises(ValueError, match=r'several labels but cls_head.multi_class=False'):
        hook.before_train(runner(several))
    with pytest.raises(ValueError, match=r'one label but cls_head.multi_class=True'):
        hook.before_train(runner(dataset('a.mp4 0'), multi_class=True))


class Vectors(BaseDataset):
    """Annotations with multi-hot vectors."""

    def load_data_list(self):
        return [dict(filename='a.mp4', label=[0.0, 1.0, 1.0])]


def test_label_vectors(hook, runner):
    data = Vectors()
    hook.before_train(runner(data, multi_class=True))
    with pytest.raises(ValueError, match=r"'a.mp4' .* vector of length 3 .* 4 classes"):
        hook.before_train(runner(data, multi_class=True, num_classes=4))


def test_classes_that_will_be_switched(hook, runner, dataset):
    switch = LabelSwitchHook(val=['a', 'b', 'c', 'd', 'e'])
    train, val = dataset('a.mp4 2'), dataset('b.mp4 4')
    hook.before_train(runner(train, val, hooks=[switch]))
    with pytest.raises(ValueError, match='label 4, but labels of the 3'):
        hook.before_train(runner(train, val))
    switch = LabelSwitchHook(test=['a', 'b', 'c', 'd', 'e'])
    hook.before_test(runner(test=val, hooks=[switch]))


def test_what_has_no_classes_or_labels_is_left_alone(hook, runner, dataset):
    hook.before_train(runner(dataset('a.mp4 99'), num_classes=None))
    headless = runner(dataset('a.mp4 99'))
    headless.model = SimpleNamespace()
    hook.before_train(headless)
    hook.before_train(runner([1, 2, 3]))


def test_videos_in_both_lists(warned, ask, runner, dataset):
    train, val = dataset('a.mp4 0', 'b.mp4 1'), dataset('b.mp4 1', 'c.mp4 2')
    assert (
        "1 of 2 videos of the validation list are also in the training list (such as 'b.mp4')"
        in (warned('separate_lists', runner(train, val)))
    )
    assert not ask('separate_lists', runner(train, dataset('c.mp4 2')))


def test_lists_of_other_classes_of_the_same_number(hook, runner, dataset) -> None:
    """Two classes exchanged: every id is in range, every score would be of the other class."""
    encoder = SimpleNamespace(labels=('apply eye makeup', 'hand stand', 'archery'))
    right = dataset('ApplyEyeMakeup/a.avi 0', 'HandStand/b.avi 1', 'Archery/c.avi 2', 'd.avi 0')
    hook.before_test(runner(test=right, label_encoder=encoder))
    swapped = dataset('ApplyEyeMakeup/a.avi 0', 'HandStand/b.avi 2', 'Archery/c.avi 1')
    with pytest.raises(ValueError, match="folder 'HandStand' .* label 2, which is 'archery'") as e:
        hook.before_test(runner(test=swapped, label_encoder=encoder))
    assert '\n' not in str(e.value)
    # single videos may be filed in another folder than their label, as in copies of Kinetics
    hook.before_test(
        runner(test=dataset('Archery/a.avi 2', 'Archery/b.avi 0'), label_encoder=encoder)
    )
    # folders that name no class say nothing
    hook.before_test(runner(test=dataset('x/a.avi 2', 'y/b.avi 0'), label_encoder=encoder))


def test_classes_of_the_validation_are_those_of_the_switch(hook, runner, dataset, tmp_path) -> None:
    (tmp_path / 'unseen.json').write_text('["run", "walk"]')
    switch = LabelSwitchHook(val=str(tmp_path / 'unseen.json'))
    encoder = SimpleNamespace(labels=('walk', 'run', 'sit'))
    good = runner(dataset('walk/a.avi 0'), dataset('walk/b.avi 1'), hooks=[switch],
                  label_encoder=encoder)  # fmt: skip
    hook.before_train(good)
    bad = runner(dataset('walk/a.avi 0'), dataset('walk/b.avi 0'), hooks=[switch],
                 label_encoder=encoder)  # fmt: skip
    with pytest.raises(ValueError, match="folder 'walk' .* label 0, which is 'run'"):
        hook.before_train(bad)
