"""Adapters in examples/, with stand-ins for FiftyOne, Label Studio and MTEB.

The stand-ins have the names and signatures that the adapters use of fiftyone 1, label-studio-ml 2
and mteb 2, and call the adapters as those do.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from actionclip_mm.apis import ActionCLIPInferencer
from actionclip_mm.utils.carried_files import carried

EXAMPLES = Path(__file__).resolve().parents[2] / 'examples'
SAMPLES = sorted(map(str, Path(carried('data/mini_clip/samples')).glob('*.mp4')))
NAMES = [Path(path).stem.replace('_', ' ') for path in SAMPLES]
MOST_LINES = 80


@pytest.fixture(scope='module')
def inferencer() -> ActionCLIPInferencer:
    return ActionCLIPInferencer('mini', labels=NAMES)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    """Function that imports an example with stand-ins, ``load(name, {module: its names})``."""

    def run(name: str, modules: dict[str, dict[str, Any]]) -> ModuleType:
        for module, names in modules.items():
            stand_in = ModuleType(module)
            vars(stand_in).update(names)
            monkeypatch.setitem(sys.modules, module, stand_in)
            parent, _, child = module.rpartition('.')
            if parent:
                setattr(sys.modules[parent], child, stand_in)
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f'{name}.py')
        assert spec is not None and spec.loader is not None
        example = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(example)
        return example

    return run


def test_fiftyone(load, inferencer: ActionCLIPInferencer) -> None:
    modules: dict = {'fiftyone': dict(Classification=SimpleNamespace), 'fiftyone.core': {}}
    modules['fiftyone.core.models'] = dict(
        Model=type('Model', (), {}), EmbeddingsMixin=type('EmbeddingsMixin', (), {})
    )
    example = load('fiftyone_model', modules)
    model = example.ActionCLIPModel(inferencer)
    assert model.media_type == 'video' and model.has_embeddings
    readers = [SimpleNamespace(inpath=path) for path in SAMPLES]  # of eta, opened by FiftyOne
    labels = [model.predict(reader) for reader in readers]
    assert [label.label for label in labels] == NAMES
    assert all(0.25 < label.confidence <= 1 for label in labels)
    everything = model.embed_all(readers)
    assert everything.shape == (4, 128)
    np.testing.assert_allclose(model.get_embeddings(), everything[3:], atol=1e-6)
    np.testing.assert_allclose(model.embed(readers[0]), everything[:1], atol=1e-6)
    picky = example.ActionCLIPModel(inferencer, ['a red door', 'a blue door'], threshold=0.99)
    assert picky.predict(readers[0]) is None


def test_label_studio(load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class LabelStudioMLBase:
        def __init__(self) -> None:
            self.values: dict[str, str] = {}
            self.label_interface = SimpleNamespace(
                get_first_tag_occurence=lambda control, kind: ('action', 'video', 'url'),
                get_control=lambda name: SimpleNamespace(labels=NAMES),
            )
            self.setup()

        def set(self, key: str, value: str) -> None:
            self.values[key] = value

        def get(self, key: str) -> str:
            return self.values[key]

        def get_local_path(self, url: str, task_id: int | None = None) -> str:
            assert task_id in (7, 8)
            return url.removeprefix('/data/')

    modules: dict = {'label_studio_ml': {}}
    modules['label_studio_ml.model'] = dict(LabelStudioMLBase=LabelStudioMLBase)
    modules['label_studio_ml.response'] = dict(ModelResponse=SimpleNamespace)
    example = load('label_studio_backend', modules)
    monkeypatch.setenv('ACTIONCLIP_ARCH', 'mini')
    (tmp_path / 'broken.mp4').write_text('not a video')
    urls = [f'/data/{SAMPLES[2]}', f'/data/{tmp_path}/broken.mp4']
    tasks = [dict(id=7 + number, data=dict(url=url)) for number, url in enumerate(urls)]
    good, bad = example.NewModel().predict(tasks, context=None).predictions
    assert good['model_version'] == 'actionclip-1' and good['score'] > 0.25
    (region,) = good['result']
    assert region == dict(
        from_name='action', to_name='video', type='choices', value=dict(choices=[NAMES[2]])
    )
    assert (bad['score'], bad['result']) == (0.0, [])


def test_mteb(load, inferencer: ActionCLIPInferencer) -> None:
    class FramesCollator:
        def __init__(self, *, num_frames: int | None = None) -> None:
            assert num_frames is None

    modules: dict = {'mteb': {}, 'mteb.models': {}}
    modules['mteb.models.abs_encoder'] = dict(AbsEncoder=type('AbsEncoder', (), {}))
    modules['mteb.models.modality_collators'] = dict(FramesCollator=FramesCollator)
    meta = SimpleNamespace(create_empty=lambda overwrites: SimpleNamespace(**overwrites))
    modules['mteb.models.model_meta'] = dict(ModelMeta=meta)
    example = load('mteb_model', modules)
    model = example.ActionCLIPEncoder(inferencer, 'me/mini')
    assert model.mteb_model_meta.name == 'me/mini'
    from actionclip_mm.decoding import Video

    videos = []
    for path in SAMPLES:
        video = Video(path)
        frames = np.stack(video.read(range(len(video.index))))
        videos.append(torch.from_numpy(frames).permute(0, 3, 1, 2))  # as torchcodec gives them

    class Loader(list):
        def __init__(self, batches: list[dict], **features: None) -> None:
            super().__init__(batches)
            self.dataset = SimpleNamespace(features=features)

    options: dict = dict(task_metadata=None, hf_split='test', hf_subset='default')
    loader = Loader([dict(video=videos[:3]), dict(video=videos[3:])], video=None)
    encoded = model.encode(loader, prompt_type=None, **options)
    assert isinstance(loader.collate_fn, FramesCollator)
    torch.testing.assert_close(encoded, inferencer.encode_video(SAMPLES), atol=1e-5, rtol=0)
    texts = model.encode(Loader([dict(text=[*NAMES, NAMES[0].upper()])], text=None), **options)
    assert torch.equal(texts[0], texts[4])
    assert (encoded @ texts[:4].T).argmax(1).tolist() == [0, 1, 2, 3]
    both = Loader([dict(video=videos[:1], text=NAMES[:1])], video=None, text=None)
    torch.testing.assert_close(model.encode(both, **options), encoded[:1] + texts[:1])
    with pytest.raises(ValueError, match="MTEB gave .'audio'.: tasks with video or text"):
        model.encode(Loader([dict(audio=[0])], audio=None), **options)


@pytest.mark.parametrize('name', ['fiftyone_model', 'label_studio_backend', 'mteb_model'])
def test_adapters_stay_short(name: str) -> None:
    assert len((EXAMPLES / f'{name}.py').read_text().splitlines()) <= MOST_LINES
