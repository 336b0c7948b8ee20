"""Importing the package: version window of the hosts, and everything registered."""

import subprocess
import sys
from importlib import import_module
from types import SimpleNamespace

import pytest
from mmaction.registry import (
    DATASETS,
    EVALUATOR,
    HOOKS,
    METRICS,
    MODEL_WRAPPERS,
    MODELS,
    OPTIM_WRAPPER_CONSTRUCTORS,
    TRANSFORMS,
)
from mmengine.registry import FUNCTIONS, STRATEGIES, Registry

import actionclip_mm
from actionclip_mm import hosts


@pytest.mark.parametrize('found', ['2.0.0rc4', '2.1.0', '2.1.99', '2.2.0', '2.3.6'])
def test_versions_inside_the_window_pass(found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def with_version(name: str) -> object:
        asked.append(name)
        return SimpleNamespace(__version__=found) if name == 'mmcv' else import_module(name)

    monkeypatch.setattr(hosts, 'import_module', with_version)
    hosts.check_hosts()
    assert asked == ['torchvision', *hosts.WINDOWS]


@pytest.mark.parametrize('found', ['1.7.2', '2.0.0rc3', '2.4.0', '3.0.0'])
def test_versions_outside_the_window_are_named(found: str) -> None:
    with pytest.raises(
        ImportError, match=rf'mmcv >= 2.0.0rc4 and < 2.4.0, but {found} is'
    ) as error:
        hosts.check_version('mmcv', found, *hosts.WINDOWS['mmcv'])
    assert 'pip install' in str(error.value)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('package', hosts.WINDOWS)
def test_a_missing_host_says_what_to_install(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(name: str) -> object:
        if name == package:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
        return import_module(name)

    monkeypatch.setattr(hosts, 'import_module', without)
    with pytest.raises(ImportError, match=f'needs {package} .* none is installed: pip install'):
        hosts.check_hosts()


def test_a_missing_dependency_of_a_host_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def without(name: str) -> object:
        if name == 'mmengine':
            raise ModuleNotFoundError("No module named 'yapf'", name='yapf')
        return import_module(name)

    monkeypatch.setattr(hosts, 'import_module', without)
    with pytest.raises(ModuleNotFoundError, match='yapf'):
        hosts.check_hosts()


def test_torchvision_of_another_build_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> object:
        raise RuntimeError('operator torchvision::nms does not exist')

    monkeypatch.setattr(hosts, 'import_module', broken)
    with pytest.raises(ImportError, match='from the same package index'):
        hosts.check_hosts()


def test_version_is_the_one_of_the_distribution() -> None:
    metadata = import_module('importlib.metadata')
    try:
        assert metadata.version('actionclip_mm') == actionclip_mm.__version__
    except metadata.PackageNotFoundError:
        pytest.skip('not installed')


# Names that configs rely on, in the order of the figure; new ones need not be listed.
COMPONENTS = {
    MODELS: [
        'CLIPRecognizer', 'CLIPImageEncoder', 'JointPrompt', 'ShiftPrompt',
        'MeanPPrompt', 'Conv1DPrompt', 'LSTMPrompt', 'TransfPrompt', 'TransfClsPrompt',
        'TextPromptLabelEncoder', 'LearnableContext', 'VideoTextHead', 'CaptionHead',
        'VideoTextKLLoss', 'VideoAllTextKLLoss', 'VideoTextBCELoss',
    ],
    DATASETS: [
        'ImageTextDataset', 'RobustVideoDataset', 'RobustRawframeDataset', 'VideoSegmentDataset',
    ],
    EVALUATOR: ['CompleteEvaluator'],
    TRANSFORMS: [
        'CLIPCenterCrop', 'CLIPResize', 'SegmentCentreSample', 'SegmentFrames',
        'SegmentRandomSample', 'VideoInit', 'VideoDecode',
    ],
    METRICS: ['CharadesMAP', 'OrderPairAccuracy', 'VideoScoresFile'],
    HOOKS: [
        'CheckWeightsHook', 'ExactResumeHook', 'FiniteLossHook',
        'LabelSwitchHook', 'MetricsFileHook', 'SafeCheckpointHook', 'VideoVisualizationHook',
    ],
    OPTIM_WRAPPER_CONSTRUCTORS: ['CLIPOptimWrapperConstructor'],
    MODEL_WRAPPERS: ['ShardedDataParallel'],
    STRATEGIES: ['ShardedStrategy'],
    FUNCTIONS: ['clip_blocks'],
}  # fmt: skip


def ours(registry: Registry) -> dict[str, object]:
    """What this package registers, by name."""
    return {
        name: entry
        for name, entry in registry.module_dict.items()
        if entry.__module__.startswith('actionclip_mm.')
    }


@pytest.mark.parametrize('registry', COMPONENTS, ids=lambda registry: registry.name)
def test_names_that_configs_rely_on_stay_registered(registry: Registry) -> None:
    assert set(COMPONENTS[registry]) <= set(ours(registry))


@pytest.mark.parametrize('registry', COMPONENTS, ids=lambda registry: registry.name)
def test_a_registered_class_is_exported_by_its_package(registry: Registry) -> None:
    for name, entry in ours(registry).items():
        if isinstance(entry, type):
            package = import_module(entry.__module__.rpartition('.')[0])
            assert getattr(package, name, None) is entry, f'{name} is missing in {package.__name__}'


@pytest.mark.parametrize('registry', COMPONENTS, ids=lambda registry: registry.name)
def test_names_of_the_host_stay_the_hosts(registry: Registry) -> None:
    """Our names never shadow those that mmaction2 or mmengine register."""
    for name, entry in registry.module_dict.items():
        if entry.__module__.startswith('actionclip_mm.'):
            assert registry.parent is None or name not in registry.parent.module_dict


@pytest.mark.slow
def test_host_models_import_only_with_this_package() -> None:
    """In a fresh process, because a failed import of the host cannot be undone."""
    plain = subprocess.Popen(
        [sys.executable, '-c', 'import mmaction.models'], stderr=subprocess.PIPE, text=True
    )
    code = 'import actionclip_mm, mmaction.models, mmaction.datasets, mmaction.evaluation'
    ours = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
    )
    assert ours.returncode == 0, ours.stderr
    assert 'mmcv-lite' not in ours.stderr  # the host's advice to install the full mmcv
    _, stderr = plain.communicate()
    if plain.returncode:  # the published host, unpatched
        assert 'mmaction.models.localizers.drn' in stderr
