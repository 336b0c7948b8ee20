"""Configs of data sets: they read the documented layout and augment as the released recipe."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS, MODELS
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import OptimWrapper
from mmengine.registry import EVALUATOR

from actionclip_mm.benchmarks import get_benchmark
from actionclip_mm.utils.data_configs import set_num_frames, use_rawframes

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / 'configs' / '_base_' / 'datasets'
DATA_SETS = sorted(
    path.stem
    for path in FOLDER.glob('*.py')
    if not path.stem.startswith(('clip_video', 'mini', 'charades'))
)
CONFIGS = FOLDER.parents[1]
FRAMES = 12


def load(name: str) -> Config:
    return Config.fromfile(FOLDER / f'{name}.py')


def load_rawframes(name: str) -> Config:
    config = load(name)
    use_rawframes(config)
    return config


def datasets(config: Config) -> list[Config]:
    loaders = (config.train_dataloader, config.val_dataloader, config.test_dataloader)
    return [loader.dataset for loader in loaders]


@pytest.fixture
def layout(tmp_path: Path, write_video: Callable, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Function that puts two videos or folders of frames where a data set config looks for them."""
    monkeypatch.chdir(tmp_path)

    def write(dataset: Config) -> None:
        ((kind, folder),) = dataset.data_prefix.items()
        Path(dataset.ann_file).parent.mkdir(parents=True, exist_ok=True)
        for name in ('a', 'b'):
            if kind == 'video':
                write_video(tmp_path / folder / f'{name}.mp4')
                continue
            (tmp_path / folder / name).mkdir(parents=True, exist_ok=True)
            for number in range(1, FRAMES + 1):  # files count from 1
                picture = np.full((48, 64, 3), number * 20, np.uint8)
                cv2.imwrite(f'{folder}/{name}/img_{number:05d}.jpg', picture)
        lines = ('a.mp4 0', 'b.mp4 1') if kind == 'video' else (f'a {FRAMES} 0', f'b {FRAMES} 1')
        Path(dataset.ann_file).write_text('\n'.join(lines))

    return write


@pytest.mark.parametrize('name', DATA_SETS)
def test_reads_the_layout_that_it_names(
    name: str, layout: Callable, shrink_frames: Callable
) -> None:
    config = load(name)
    docstring = (FOLDER / f'{name}.py').read_text().split('"""')[1]
    for dataset in datasets(config):
        layout(dataset)
        (folder,) = dataset.data_prefix.values()
        assert dataset.ann_file in docstring and folder in docstring
        dataset.pipeline = shrink_frames(dataset.pipeline)
        built = DATASETS.build(dataset)
        sample = built[1]
        assert sample['inputs'].shape == (1, 3, config.num_frames, 32, 32)
        assert sample['data_samples'].gt_label.item() == 1
        assert built.test_mode is (dataset is not config.train_dataloader.dataset)
    assert config.labels in docstring
    assert config.labels == f'{config.data_root}/labels.txt'
    assert type(EVALUATOR.build(config.test_evaluator)).__name__ == 'CompleteEvaluator'


def test_extracted_frames_are_the_frames_that_the_formula_names(layout: Callable) -> None:
    """12 files with grey levels 20, 40, …, of which the centres of 8 segments are taken."""
    dataset = load_rawframes('ucf101').test_dataloader.dataset
    layout(dataset)
    clip = DATASETS.build(dataset)[0]['inputs']  # [1, 3, T, H, W]
    levels = clip.float().mean(dim=(0, 1, 3, 4)) / 20 - 1
    assert levels.round().int().tolist() == [0, 1, 3, 4, 6, 7, 9, 10]


@pytest.mark.parametrize('name', DATA_SETS)
def test_a_model_learns_and_is_tested_on_extracted_frames(
    name: str, layout: Callable, shrink_frames: Callable, tiny_arch: dict
) -> None:
    config = load_rawframes(name)
    encoder = dict(type='TextPromptLabelEncoder', labels=config.labels, arch=tiny_arch)
    model_cfg = dict(
        type='CLIPRecognizer',
        backbone=dict(type='CLIPImageEncoder', arch=tiny_arch),
        neck=dict(type='TransfPrompt', in_channels=32, num_layers=1),
        cls_head=dict(type='VideoTextHead', in_channels=32, label_encoder=encoder),
    )
    batches = []
    for dataset in datasets(config)[:2]:
        layout(dataset)
        dataset.pipeline = shrink_frames(dataset.pipeline)
        built = DATASETS.build(dataset)
        batches.append(pseudo_collate([built[0], built[1]]))
    Path(config.labels).write_text('clap\nwave')
    model = MODELS.build(model_cfg)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = model.train_step(batches[0], OptimWrapper(optimizer))
    assert losses['loss'].isfinite()
    samples = model.eval().test_step(batches[1])
    assert [sample.pred_score.sum().item() for sample in samples] == pytest.approx([1, 1])


@pytest.mark.parametrize('name', DATA_SETS)
def test_extracted_frames_are_treated_as_videos_are(name: str) -> None:
    """Only the reading differs: no opening, another decoder, another data set."""
    frames, videos = load_rawframes(name), load(name)
    for key in ('train_pipeline', 'test_pipeline', 'multi_view_pipeline'):
        one, other = frames[key], videos[key]
        assert one[0] == other[1] and one[2:] == other[3:]
        assert (one[1].type, other[0].type, other[2].type) == (
            'RawFrameDecode', 'VideoInit', 'VideoDecode',
        )  # fmt: skip
    for one, other in zip(datasets(frames), datasets(videos), strict=True):
        assert one.ann_file == other.ann_file.replace('_videos.txt', '_rawframes.txt')
        assert one.filename_tmpl == 'img_{:05d}.jpg'


@pytest.mark.parametrize('name', DATA_SETS)
def test_more_frames_change_nothing_else(name: str) -> None:
    expected, config = load(name), load(name)
    for pipeline in (expected.train_pipeline, expected.test_pipeline, expected.multi_view_pipeline):
        pipeline[1].clip_len = 32
    expected.train_dataloader.dataset.pipeline = expected.train_pipeline
    for loader in (expected.val_dataloader, expected.test_dataloader):
        loader.dataset.pipeline = expected.test_pipeline
    expected.num_frames = 32
    set_num_frames(config, 32)
    assert config.to_dict() == expected.to_dict()


@pytest.mark.parametrize('name', DATA_SETS)
def test_lists_and_folders_are_those_of_the_descriptor(name: str) -> None:
    """Configs name the files for readers; `actionclip prepare` writes them."""
    train, test = get_benchmark(name).splits[0]
    for load_kind, rawframes in ((load, False), (load_rawframes, True)):
        config = load_kind(name)
        assert config.data_root == f'data/{name}'
        for dataset, listed in zip(datasets(config), (train, test, test), strict=True):
            assert dataset.ann_file == f'data/{name}/{listed.file_name(rawframes)}'
            assert [*dataset.data_prefix.values()] == [
                f'data/{name}/{listed.folder_name(rawframes)}'
            ]


def test_rawframes_of_any_config_from_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    leaf = 'few_shot/actionclip_vit-b-16_transf_ssv2.py'
    monkeypatch.setenv('ACTIONCLIP_CONFIG', leaf)
    config, expected = (Config.fromfile(CONFIGS / name) for name in ('rawframes.py', leaf))
    use_rawframes(expected)
    assert config.to_dict() == expected.to_dict()
    assert config.test_dataloader.dataset.ann_file == 'data/ssv2/ssv2_val_list_rawframes.txt'


def test_released_augmentation() -> None:
    """RandAugment N2 M9 first, then crop, flip, jitter, grey; fewer where the recipe says so."""
    steps = {name: load(name).train_dataloader.dataset.pipeline for name in DATA_SETS}
    names = {
        name: [step.get('op', step.type) for step in pipeline] for name, pipeline in steps.items()
    }
    full = [
        'VideoInit', 'SegmentRandomSample', 'VideoDecode', 'CLIPResize', 'RandAugment',
        'MultiScaleCrop', 'CLIPResize', 'Flip', 'RandomApply', 'RandomGrayscale', 'FormatShape',
        'PackActionInputs',
    ]  # fmt: skip
    randaugment, crop, resize, flip, jitter, grey = steps['kinetics400'][4:10]
    assert (resize.scale, resize.interpolation) == ((224, 224), 'bilinear')  # as the released crop
    assert (randaugment.num_ops, randaugment.magnitude) == (2, 9)
    assert crop.scales == (1, 0.875, 0.75, 0.66)
    assert (flip.flip_ratio, jitter.prob, grey.p) == (0.5, 0.8, 0.2)
    (colours,) = jitter.transforms
    assert colours.op == 'ColorJitter'
    strengths = (colours.brightness, colours.contrast, colours.saturation, colours.hue)
    assert strengths == (0.4, 0.4, 0.2, 0.1)
    assert names['kinetics400'] == names['kinetics600'] == full
    for name in ('ucf101', 'hmdb51'):
        assert names[name] == [step for step in full if step != 'RandAugment']
        assert load(name).train_dataloader.batch_size * 4 == 64
    assert names['ssv2'] == [step for step in full if step != 'Flip']  # left and right are classes


@pytest.mark.parametrize('name', ['kinetics400', 'ucf101', 'ssv2'])
def test_frames_of_a_video_are_augmented_alike(name: str, shrink_frames: Callable) -> None:
    """A still video stays still under the training pipeline, whatever is drawn."""
    pipeline = Compose(shrink_frames(load(name).train_pipeline[3:]))  # behind the decoder
    frame = np.random.randint(0, 256, (48, 64, 3), dtype=np.uint8)
    clips = []
    for _ in range(3):
        results = pipeline(
            dict(
                imgs=[frame.copy() for _ in range(4)], img_shape=(48, 64), modality='RGB',
                num_clips=1, clip_len=4, label=0, original_shape=(48, 64),
            )
        )  # fmt: skip
        clip = results['inputs']  # [1, 3, T, H, W]
        assert clip.shape == (1, 3, 4, 32, 32)
        assert all(torch.equal(clip[:, :, 0], clip[:, :, t]) for t in range(4))
        clips.append(clip)
    assert not torch.equal(clips[0], clips[1]) and not torch.equal(clips[1], clips[2])


# the mini benchmark was trained and measured with mmaction2's Resize (docs/differences.md), and so
# were mmaction2's backbones, whose configs keep mmaction2's pipelines
OWN_PIXELS = ('_base_/datasets/mini_clips.py', '_base_/datasets/mini_stills.py', 'mini/')
EVERY_CONFIG = sorted(str(path.relative_to(CONFIGS)) for path in CONFIGS.rglob('*.py'))


def resizes(pipeline: list) -> list[str]:
    return [step.type for step in pipeline if 'Resize' in step.type]


RELEASED_PIXELS = [
    path
    for path in EVERY_CONFIG
    if not path.startswith(OWN_PIXELS)
    and path != 'frame_features.py'  # reads no pixels
    and not (path.startswith('mixed_backbones/') and 'mmaction::' in (CONFIGS / path).read_text())
]


@pytest.mark.parametrize('path', RELEASED_PIXELS)
def test_frames_are_resized_with_antialias(path: str) -> None:
    """Every pipeline of every config, in testing with the released interpolation and crop."""
    config = Config.fromfile(CONFIGS / path)
    pipelines = {name: value for name, value in config.items() if name.endswith('_pipeline')}
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        dataset = config.get(name, {}).get('dataset', {})
        dataset = dataset.get('dataset', dataset)
        if 'pipeline' in dataset:
            pipelines[name] = dataset.pipeline
    for name, pipeline in pipelines.items():
        types = [step.type for step in pipeline]
        if 'Resize' not in str(types):  # skeletons
            assert dataset.type == 'PoseDataset' and 'VideoDecode' not in types
            continue
        assert set(resizes(pipeline)) == {'CLIPResize'}, name
        assert 'CenterCrop' not in types
        if 'train' not in name:
            crop = types[types.index('CLIPResize') + 1]
            assert crop in ('CLIPCenterCrop', 'ThreeCrop')
            resize = pipeline[types.index('CLIPResize')]
            assert resize.scale == ((-1, 256) if crop == 'CLIPCenterCrop' else (-1, 224))
            assert resize.get('interpolation', 'bicubic') == 'bicubic'


@pytest.mark.parametrize('path', [p for p in EVERY_CONFIG if p.startswith(OWN_PIXELS)])
def test_the_mini_benchmark_keeps_the_pixels_of_its_numbers(path: str) -> None:
    config = Config.fromfile(CONFIGS / path)
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        assert resizes(config[name].dataset.pipeline) == ['Resize']


def test_batches_have_one_size_unless_videos_are_few() -> None:
    """As in the released code; a few videos would lose too many of them."""
    for path in EVERY_CONFIG:
        loader = Config.fromfile(CONFIGS / path).get('train_dataloader', {})
        few = path.startswith(('few_shot/', 'base_to_novel/')) or path.endswith('mini_few_shot.py')
        if 'sampler' in loader and not path.startswith(('mini/', 'mixed_backbones/')):
            assert loader.get('drop_last', False) is not few, path
