"""Shared fixtures: a tiny CLIP, tiny videos, commands and tools as subprocesses."""

import copy
import importlib.util
import json
import os
import random
import re
import subprocess
import sys
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import settings
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

from actionclip_mm.apis.building import build_trained, read_model_config
from actionclip_mm.compat import at_run  # noqa: F401  as a run does

ROOT = Path(__file__).resolve().parents[1]

os.environ['ACTIONCLIP_TEXT_BANKS'] = '0'  # no test reads or leaves files in the user's cache

# the same examples in every run, and no deadline, which a busy machine would miss
settings.register_profile('repeatable', derandomize=True, deadline=None)
settings.load_profile('repeatable')

init_default_scope('mmaction')  # as mmengine's runner does


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the largest of the ``agreement`` properties (subject, quantity, difference)."""
    table: dict[str, dict[str, float]] = defaultdict(dict)
    for report in terminalreporter.getreports('passed') + terminalreporter.getreports('failed'):
        for name, value in getattr(report, 'user_properties', ()):
            if name == 'agreement' and report.when == 'call':
                subject, quantity, difference = value
                row = table[subject]
                row[quantity] = max(difference, row.get(quantity, 0.0))
    if table:
        terminalreporter.section('largest differences')
        for subject, row in table.items():
            cells = '  '.join(f'{quantity} {value:.1e}' for quantity, value in row.items())
            terminalreporter.write_line(f'{subject:24} {cells}')


@pytest.fixture(autouse=True, scope='session')
def index_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep frame indexes of videos outside the user's cache."""
    os.environ['ACTIONCLIP_INDEX_CACHE'] = str(tmp_path_factory.mktemp('video_index'))


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Seed every test alike, independent of the tests before it."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def no_logger_of_another_test() -> Iterator[None]:
    """Drop the last runner's logger: its folder may be gone."""
    before = set(MMLogger._instance_dict)
    yield
    for name in set(MMLogger._instance_dict) - before:
        MMLogger._instance_dict.pop(name)


@pytest.fixture
def log(tmp_path: Path, no_logger_of_another_test: None) -> Callable[[], str]:
    """Function that returns what mmengine's logger has written, as in a run."""
    path = tmp_path / 'run.log'
    logger = MMLogger.get_instance(f'test {tmp_path}', log_file=str(path))
    MMLogger._instance_dict.move_to_end(logger.instance_name)  # the current one
    return lambda: path.read_text()


@pytest.fixture(scope='session')
def golden(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Function that unpacks ``tests/data/NAME.tar.xz``, written by foreign code.

    An absent archive is a failure, never a skip.
    """
    folders: dict[str, Path] = {}

    def unpack(name: str) -> Path:
        if name not in folders:
            parent = tmp_path_factory.mktemp('golden')
            with tarfile.open(ROOT / 'tests' / 'data' / f'{name}.tar.xz') as archive:
                for member in archive:
                    content = archive.extractfile(member)
                    assert content is not None, f'{member.name} is not a file'
                    (parent / member.name).parent.mkdir(exist_ok=True)
                    (parent / member.name).write_bytes(content.read())
            folders[name] = parent / name
        return folders[name]

    return unpack


@pytest.fixture
def tiny_arch() -> dict:
    """An open_clip model config with two layers of width 64 and CLIP's own vocabulary."""
    return dict(
        embed_dim=32,
        quick_gelu=True,
        vision_cfg=dict(image_size=32, layers=2, width=64, head_width=32, patch_size=16),
        text_cfg=dict(context_length=77, vocab_size=49408, width=32, heads=2, layers=2),
    )


@pytest.fixture
def model_cfg(tiny_arch: dict) -> dict:
    """Config of a tiny recognizer with a temporal Transformer and three classes."""
    return dict(
        type='CLIPRecognizer',
        backbone=dict(type='CLIPImageEncoder', arch=tiny_arch),
        neck=dict(type='TransfPrompt', in_channels=32, num_layers=1),
        cls_head=dict(
            type='VideoTextHead',
            in_channels=32,
            label_encoder=dict(
                type='TextPromptLabelEncoder', labels=['one', 'two', 'three'], arch=tiny_arch
            ),
        ),
    )


@pytest.fixture
def write_leaf(tiny_arch: dict) -> Callable[..., Path]:
    """Function that writes a leaf config of a tiny model, ``write_leaf(path, data_set, schedule)``.

    Base files are named by their place in ``configs/_base_``; ``more`` is put at the end.
    """

    def write(path: Path, data_set: str, schedule: str, more: str = '') -> Path:
        base = ROOT / 'configs' / '_base_'
        path.write_text(
            f"""
_base_ = ['{base}/datasets/{data_set}.py', '{base}/schedules/{schedule}.py',
          '{base}/default_runtime.py']
arch = {tiny_arch}
model = dict(
    type='CLIPRecognizer',
    backbone=dict(type='CLIPImageEncoder', arch=arch),
    neck=dict(type='MeanPPrompt', in_channels=32),
    cls_head=dict(
        type='VideoTextHead', in_channels=32, average_clips='prob',
        label_encoder=dict(
            type='TextPromptLabelEncoder', labels=['x', 'y'], templates='prefix', arch=arch)))
{more}
"""
        )
        return path

    return write


@pytest.fixture
def save_model() -> Callable[[Path, Path], Path]:
    """Function that saves a checkpoint of a config's model, ``save_model(config, path)``."""

    def save(config: Path, path: Path) -> Path:
        model = build_trained(read_model_config(config), None)
        torch.save(dict(state_dict=model.state_dict()), path)
        return path

    return save


WORDS = ['<pad>', '</s>', '<unk>', 'a', 'video', 'of', 'clap', 'wave']


@pytest.fixture
def tokenizer_folder(tmp_path: Path) -> str:
    """A word tokenizer in the layout of the Hugging Face hub, without its files of settings."""
    model = dict(type='WordLevel', vocab={w: i for i, w in enumerate(WORDS)}, unk_token='<unk>')
    end = dict(
        type='TemplateProcessing',
        single=[
            dict(Sequence=dict(id='A', type_id=0)),
            dict(SpecialToken=dict(id='</s>', type_id=0)),
        ],
        pair=[],
        special_tokens={'</s>': dict(id='</s>', ids=[1], tokens=['</s>'])},
    )
    (tmp_path / 'tokenizer.json').write_text(
        json.dumps(
            dict(
                version='1.0', truncation=None, padding=None, added_tokens=[], normalizer=None,
                pre_tokenizer=dict(type='Whitespace'), post_processor=end, decoder=None,
                model=model,
            )
        )
    )  # fmt: skip
    (tmp_path / 'tokenizer_config.json').write_text(
        json.dumps(
            dict(tokenizer_class='PreTrainedTokenizerFast', pad_token='<pad>', eos_token='</s>')
        )
    )
    return str(tmp_path)


# Arguments that shrink timm's image towers, by the start of their names.
TIMM_SIZES = {
    'convnext': dict(depths=(1, 1, 1, 1), dims=(8, 16, 32, 64)),
    'fastvit': dict(layers=(1, 1, 1, 1), embed_dims=(16, 32, 64, 64)),
    'vit_': dict(depth=2, embed_dim=64, num_heads=2),
    'eva02': dict(depth=2, embed_dim=64, num_heads=2),
}


@pytest.fixture
def shrunken_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every open_clip model has two narrow blocks per tower, under its own name.

    Frames, patches, contexts, vocabularies and the width of features stay as they are.
    """
    from open_clip import factory, timm_model

    from actionclip_mm.compat.deferred_imports import import_optional_packages

    def create_trunk(name: str, **kwargs: object) -> torch.nn.Module:
        sizes = [size for start, size in TIMM_SIZES.items() if name.startswith(start)]
        return create_model(name, **kwargs, **(sizes[0] if sizes else {}))

    import_optional_packages()
    create_model = timm_model.timm.create_model
    monkeypatch.setattr(timm_model.timm, 'create_model', create_trunk)
    for name, cfg in factory._MODEL_CONFIGS.items():
        monkeypatch.setitem(factory._MODEL_CONFIGS, name, _shrunken(cfg))


def _shrunken(cfg: dict) -> dict:
    cfg = copy.deepcopy(cfg)
    vision = cfg['vision_cfg']
    if isinstance(vision.get('layers'), list):
        vision.update(layers=[1, 1, 1, 1], width=16)
    elif 'layers' in vision:
        vision.update(layers=2, width=64, head_width=32)
    elif vision.get('timm_proj') == 'none':
        cfg['embed_dim'] = 64  # such a trunk sets the feature width
    for part in ('text_cfg', 'multimodal_cfg'):
        if 'layers' in cfg.get(part, {}):
            cfg[part].update(layers=2, width=32, heads=2)
    return cfg


@pytest.fixture(scope='session')
def write_video() -> Callable[..., Path]:
    """Function that encodes a video file: ``write_video(path, frames=None, fps=10)``.

    ``frames`` is uint8 [T, H, W, 3]; without it, 12 frames of 48 x 64 noise around one colour that
    the file name decides.
    """

    def write(path: Path, frames: np.ndarray | None = None, fps: int = 10) -> Path:
        import av

        if frames is None:
            rng = np.random.default_rng(sum(path.name.encode()))
            colour = rng.integers(40, 216, 3)
            frames = colour + rng.integers(-40, 40, (12, 48, 64, 3))
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), 'w') as container:
            stream = container.add_stream('mpeg4', rate=fps)
            stream.height, stream.width = frames.shape[1:3]
            stream.pix_fmt = 'yuv420p'
            for frame in frames:
                picture = av.VideoFrame.from_ndarray(frame.astype(np.uint8), format='rgb24')
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
        return path

    return write


@pytest.fixture(scope='session')
def numbered(load_tool: Callable) -> ModuleType:
    """The module that writes videos whose frames show their number, and files of sound."""
    return load_tool('tests/test_decoding/numbered_videos.py')


@pytest.fixture(scope='session')
def numbered_folder(tmp_path_factory: pytest.TempPathFactory, run_tool: Callable) -> Path:
    """A folder with numbered videos of all formats, written once."""
    folder = tmp_path_factory.mktemp('numbered')
    run_tool('tests/test_decoding/numbered_videos.py', folder)
    return folder


@pytest.fixture(scope='session')
def numbered_video(numbered_folder: Path) -> Callable[[str], str]:
    """Function that gives the path of a format; the test is skipped where it cannot be written."""

    def path_of(name: str) -> str:
        path = numbered_folder / name
        if not path.exists():
            pytest.skip(f'no encoder: {(numbered_folder / f"{name}.skipped").read_text()}')
        return str(path)

    return path_of


@pytest.fixture
def no_videos(tmp_path: Path, numbered: ModuleType) -> dict[Path, str]:
    """Paths without a readable video, and the error of each."""
    (tmp_path / 'empty.mp4').touch()
    for name in ('text.mp4', 'text.txt'):
        (tmp_path / name).write_text('no video\n' * 100)
    os.mkfifo(tmp_path / 'pipe.mp4')
    only_sound = 'it has no video stream (only sound?)'
    return {
        tmp_path / 'gone.mp4': 'there is no such file',
        tmp_path: 'it is a folder, not a video file',
        tmp_path / 'empty.mp4': 'the file is empty',
        tmp_path / 'text.mp4': 'it is a text file, not a video file',
        tmp_path / 'text.txt': 'it is a text file, not a video file',
        tmp_path / 'pipe.mp4': 'it is a pipe or a device, not a video file',
        numbered.write_sound(tmp_path / 'sound.mp4'): only_sound,
        numbered.write_sound(tmp_path / 'song.mp4', cover=True): only_sound,
    }


@pytest.fixture(scope='session')
def start_tool() -> Callable[..., subprocess.Popen]:
    """Function that starts a command or a file of the repository.

    ``start_tool('predict', *args)`` or ``start_tool('tools/dist_train.sh', *args)``.
    """

    def start(tool: str, *args: object, cwd: Path = ROOT, **env: str) -> subprocess.Popen:
        command = [] if tool.endswith('.sh') else [sys.executable]
        command += [str(ROOT / tool)] if '/' in tool else ['-m', 'actionclip_mm', tool]
        return subprocess.Popen(
            [*command, *map(str, args)],
            cwd=cwd,
            # one thread per process: the tests share few cores
            env={**os.environ, 'PYTHON': sys.executable, 'OMP_NUM_THREADS': '1', **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    return start


@pytest.fixture(scope='session')
def run_tool(start_tool: Callable) -> Callable[..., str]:
    """Function that runs a tool to its end and returns its output; ``ok=False`` expects failure."""

    def run(
        tool: str, *args: object, ok: bool = True, timeout: float = 240, **kwargs: object
    ) -> str:
        process = start_tool(tool, *args, **kwargs)
        try:
            output, _ = process.communicate(timeout=timeout)
        finally:
            process.kill()
        assert (process.returncode == 0) is ok, f'{tool} ended with {process.returncode}:\n{output}'
        return output

    return run


@pytest.fixture(scope='session')
def load_tool() -> Callable[[str], ModuleType]:
    """Function that imports a file of the repository: ``load_tool('tools/demo.py').main``.

    Its folder is put on the path, as Python does for a script.
    """

    def load(tool: str) -> ModuleType:
        path = ROOT / tool
        if str(path.parent) not in sys.path:
            sys.path.insert(0, str(path.parent))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def one_layer_arch():
    """An open_clip model config with one head of width 64, which other layouts imply too."""
    return dict(
        embed_dim=32,
        quick_gelu=True,
        vision_cfg=dict(image_size=32, patch_size=16, width=64, layers=1, head_width=64),
        text_cfg=dict(context_length=77, vocab_size=49408, width=64, heads=1, layers=1),
    )


@pytest.fixture
def refused(capsys):
    """Function that expects a command to end with one sentence, which it returns.

    Commands of ``actionclip`` print it and exit with code 2; scripts pass it to ``sys.exit``.
    """

    def check(main, args, words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as error:
            main([str(arg) for arg in args])
        said = error.value.code
        if not isinstance(said, str):
            assert said == 2
            *_, said = capsys.readouterr().err.splitlines()
            assert re.match(r'actionclip [a-z-]+: error: ', said)
        assert re.search(str(words), said) and '\n' not in said
        return said

    return check
