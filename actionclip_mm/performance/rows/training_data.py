"""Rows of training data: a sample, an epoch with a frozen image tower, samples of packed videos."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..measuring import Way, largest_difference
from ..registry import Comparison, Options, row
from .decoding import BEFORE, prepare_file

SAMPLES = 20  # of one timing, with the draws of as many seeds
AUGMENTED = 'tests/test_datasets/test_transforms/test_fast_torchvision.py::'
FROZEN = 'tests/test_features/test_training.py::test_a_run_on_features_is_the_run_on_videos'
PACKED = 'tests/test_preparation/test_packing.py::test_frame_i_stays_frame_i'


@row('training-sample', 'Training sample of Kinetics-400, key frame in 250', '', file='sparse')
@row('training-sample-dense', 'Training sample, key frame in 12', '<= 0.55x the time', file='dense')
def training_sample(options: Options, file: str) -> Comparison:
    """A clip to a tensor in one worker, as it was, and with each half of what is new."""
    path, _ = prepare_file(options, file, 8)
    before, ours = (samples(path, count(options), old, 'kinetics400') for old in (True, False))
    slow_colours = samples(path, count(options), False, 'kinetics400', stock=True)
    return Comparison(
        [
            Way('as before', before, f'{BEFORE}, TorchVisionWrapper', work=count(options)),
            Way('decoding', slow_colours, 'TorchVisionWrapper', work=count(options)),
            Way('decoding and augmentation', ours, 'default', work=count(options)),
        ],
        difference=largest_difference([before(), ours()]),
        test=f'{AUGMENTED}test_the_training_recipe_changes_little',
        unit='sample',
        note='Difference in grey levels: a hue differs by at most 1, and contrast may stretch it.',
    )


@row('packed-samples', 'Training samples of packed videos, Kinetics-400 recipe', '>= 2x')
@row('packed-samples-ucf101', '… recipe without RandAugment', '>= 2x', recipe='ucf101')
def packed_samples(options: Options, recipe: str = 'kinetics400') -> Comparison:
    """Videos with a key frame in 250 frames, and what ``actionclip pack`` makes of them."""
    from ...preparation.packing import Settings, pack_video

    path, _ = prepare_file(options, 'sparse', 8)
    target = str(options.scratch / 'packed' / 'sparse.mp4')
    packed = pack_video(path, target, Settings())
    number = count(options)
    return Comparison(
        [
            Way('unpacked', samples(path, number, False, recipe), 'default', work=number),
            Way('unpacked, as before', samples(path, number, True, recipe), work=number),
            Way('packed', samples(target, number, False, recipe), 'actionclip pack', work=number),
        ],
        difference=None,
        test=PACKED,
        unit='sample',
        note=f'Luma PSNR {packed.psnr} dB, {packed.before} -> {packed.after} bytes.',
    )


@row('frozen-epoch', 'Epoch of Transf on a frozen image tower', '>= 30x')
def frozen_epoch(options: Options) -> Comparison:
    """Videos, and features that were made once."""
    from ...features.configs import use_frame_features

    videos = 2 if options.tiny else 16
    config = frozen_config(options, videos)
    plain = Epoch(config)
    folder = write_features(config, plain, options.scratch / 'features')
    use_frame_features(config, folder)
    cached = Epoch(config)
    return Comparison(
        [
            Way('videos', plain.run, 'default', work=1),
            Way('cached features', cached.run, 'use_frame_features', work=1),
        ],
        difference=abs(plain.run() - cached.run()),
        test=FROZEN,
        unit='epoch',
        note=f'{videos} videos of 8 frames, one batch; difference of the loss.',
        rounds=2,
    )


def count(options: Options) -> int:
    """Samples of one timing."""
    return 2 if options.tiny else SAMPLES


def pipeline(name: str, before: bool, stock: bool) -> list[dict[str, Any]]:
    """Training pipeline of a data set; ``before``: read and augmented as it was."""
    from ...utils import read_config
    from ...utils.carried_files import carried

    steps = [
        dict(step)
        for step in read_config(carried(f'configs/_base_/datasets/{name}.py')).train_pipeline
    ]
    if before:
        steps[0].update(BEFORE)
    if before or stock:
        steps = [_stock(step) for step in steps]
    return steps


def _stock(step: dict[str, Any]) -> dict[str, Any]:
    if 'transforms' in step:
        return {**step, 'transforms': [_stock(dict(inner)) for inner in step['transforms']]}
    if step['type'] == 'FastTorchVisionWrapper':
        return {**step, 'type': 'TorchVisionWrapper'}
    return step


def samples(
    path: str, number: int, before: bool, recipe: str, stock: bool = False
) -> Callable[[], Any]:
    """Function that makes samples of a video, always with the same draws."""
    import numpy as np
    from mmcv.transforms import Compose

    from ...compat import at_run  # noqa: F401  applies what a run needs
    from ...utils.seeding import seed_all

    steps = Compose(pipeline(recipe, before, stock))

    def make() -> Any:
        inputs = []
        for seed in range(number):
            seed_all(seed)
            results = steps(dict(filename=path, label=0, start_index=0, modality='RGB'))
            inputs.append(results['inputs'].numpy().astype(np.int16))
        return np.stack(inputs)

    return make


def frozen_config(options: Options, videos: int) -> Any:
    """Config of frozen towers under Transf, with a list of copies of one video."""
    from mmengine.config import Config

    path, _ = prepare_file(options, 'dense', 8)
    names = [f'{number}.mp4' for number in range(videos)]
    for name in names:
        (options.scratch / name).symlink_to(path)
    ann_file = options.scratch / 'list.txt'
    ann_file.write_text(''.join(f'{name} {number % 2}\n' for number, name in enumerate(names)))
    frozen = dict(frozen_stages='all')
    model = dict(
        type='CLIPRecognizer',
        backbone=dict(
            type='CLIPImageEncoder', arch=options.arch, pretrained=options.pretrained, **frozen
        ),
        neck=dict(type='TransfPrompt', num_layers=1 if options.tiny else 6),
        cls_head=dict(
            type='VideoTextHead',
            label_encoder=dict(
                type='TextPromptLabelEncoder', labels=['clap', 'wave'], templates='prefix', **frozen
            ),
        ),
    )
    dataset = dict(
        type='RobustVideoDataset',
        ann_file=str(ann_file),
        data_prefix=dict(video=str(options.scratch)),
        pipeline=pipeline('kinetics400', False, False),
    )
    return Config(dict(model=model, train_dataloader=dict(batch_size=videos, dataset=dataset)))


class Epoch:
    """Train on all videos of a config, one batch at a time; the first epoch is seeded.

    Args:
        config: Config with a model and a training data set.
    """

    def __init__(self, config: Any) -> None:
        import torch
        from mmaction.registry import DATASETS, MODELS
        from mmengine.optim import OptimWrapper
        from mmengine.registry import init_default_scope

        from ...compat import at_run  # noqa: F401  applies what a run needs

        init_default_scope('mmaction')
        torch.manual_seed(0)
        self.model = MODELS.build(config.model).train()
        weights = [value for value in self.model.parameters() if value.requires_grad]
        self.optimizer = OptimWrapper(torch.optim.AdamW(weights, lr=1e-5))
        self.dataset = DATASETS.build(config.train_dataloader.dataset)
        self.dataset.set_epoch(0, 0)

    def run(self) -> float:
        """Train on all videos at once, and return the loss."""
        import torch
        from mmengine.dataset import pseudo_collate

        torch.manual_seed(0)  # the template that is drawn
        batch = pseudo_collate([self.dataset[index] for index in range(len(self.dataset))])
        torch.manual_seed(0)
        return self.model.train_step(batch, self.optimizer)['loss'].item()


def write_features(config: Any, epoch: Epoch, folder: Path) -> str:
    """Write the features of one view of the training list."""
    import torch

    from ...features import FeatureWriter
    from ...features.extraction import extract, frame_features_of, names_of
    from ...features.keys import pipeline_key, tower_key

    model, dataset = epoch.model, epoch.dataset
    key = dict(
        tower=tower_key(model.backbone),
        pipeline=pipeline_key(config.train_dataloader.dataset.pipeline),
    )
    writer = FeatureWriter(folder / 'train', list(names_of(dataset)), key, 'fp32')
    extract(dataset, writer, frame_features_of(model, torch.device('cpu')))
    model.train()
    return str(folder)
