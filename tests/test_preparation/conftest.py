"""Small copies of data sets in their real layouts."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from actionclip_mm.benchmarks import AnnotationList, Benchmark, Split, get_benchmark
from actionclip_mm.cli.prepare import prepare_official

CODECS = {'.avi': 'msmpeg4v2', '.mp4': 'mpeg4', '.webm': 'libvpx-vp9'}


@pytest.fixture(scope='session')
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A video of 8 frames in each container, in the codecs that the data sets have."""
    folder = tmp_path_factory.mktemp('samples')
    frames = np.random.default_rng(0).integers(0, 256, (8, 48, 64, 3), dtype=np.uint8)
    for suffix, codec in CODECS.items():
        with av.open(str(folder / f'sample{suffix}'), 'w') as container:
            stream = container.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
            for frame in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format='rgb24')))
            container.mux(stream.encode())
    return {suffix: folder / f'sample{suffix}' for suffix in CODECS}


@pytest.fixture
def write_copy(samples: dict[str, Path]) -> Callable[[Path, Iterable[str]], Path]:
    """Function that puts videos of these names into a folder and returns the folder."""

    def write(folder: Path, names: Iterable[str]) -> Path:
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(samples[path.suffix], path)
        return folder

    return write


@pytest.fixture
def write_texts() -> Callable[[Path, dict[str, str]], Path]:
    """Function that writes text files into a folder and returns the folder."""

    def write(folder: Path, texts: dict[str, str]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding='utf-8')
        return folder

    return write


@pytest.fixture
def prepare_with() -> Callable[..., Callable[..., int]]:
    """Function: a data set and the paths of its options to a function that prepares it.

    That one takes more options, and other paths; None leaves an option out.
    """

    def make(benchmark: Benchmark, **usual: object) -> Callable[..., int]:
        def prepare(*args: str, **paths: object) -> int:
            given = {key: value for key, value in (usual | paths).items() if value is not None}
            options = [*(f'--{key}={value}' for key, value in given.items()), *args]
            try:
                return prepare_official(benchmark, options)
            except SystemExit as stop:  # a wrong call
                return stop.code

        return prepare

    return make


@pytest.fixture
def resize() -> Callable[..., Benchmark]:
    """Function: ``resize(name, num_classes, sizes)``, a data set with other official numbers.

    ``sizes`` has the number of videos by the name of a list, ``more`` other fields by that name.
    """

    def make(
        name: str, num_classes: int, sizes: dict[str, int], more: dict[str, dict] | None = None
    ) -> Benchmark:
        def change(each: AnnotationList) -> AnnotationList:
            counts = (sizes[each.name],) if each.name in sizes else ()
            return replace(each, published=(), counts=counts, **(more or {}).get(each.name, {}))

        benchmark = get_benchmark(name)
        every = benchmark.all_videos
        return replace(
            benchmark,
            num_classes=num_classes,
            splits=tuple(Split(*map(change, split)) for split in benchmark.splits),
            all_videos=None if every is None else change(every),
            others=tuple(map(change, benchmark.others)),
        )

    return make


@pytest.fixture
def read_report() -> Callable[[Path], dict]:
    """Function that reads the report of a prepared data set."""
    return lambda out: json.loads((out / 'preparation_report.json').read_text())


@pytest.fixture
def same_tree() -> Callable[[Path], dict[str, bytes | str]]:
    """Function: all files below a folder with their content, to compare before and after."""

    def files(folder: Path) -> dict[str, bytes | str]:
        paths = sorted(path for path in folder.rglob('*') if path.is_file() or path.is_symlink())
        return {str(path): path.read_bytes() if path.is_file() else 'link' for path in paths}

    return files
