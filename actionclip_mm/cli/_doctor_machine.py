"""Checks of ``actionclip doctor``: decoders, CLIP weights, GPU, disk and shared memory."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from ..utils.cache_folder import cache_folder, folder_size
from ._finding import BROKEN, OK, WARNING, Finding

GIB = 2**30
FRAMES = 24
ADVICE = {
    'decord': 'pip install decord, or use decoders=("pyav", "opencv")',
    'pyav': "pip install 'av>=14.2', or use decoders=('decord', 'opencv')",
    'opencv': 'keep one opencv distribution of one version (see packages)',
}
OPTIONAL = {
    'torchcodec': 'put the libraries of FFmpeg 4 to 8 on the library path, or do without it',
}
# a process of its own for each: a broken library may end the process
DECODE = """
import sys
decoder, path = sys.argv[1:3]
sys.argv[0] = 'actionclip'
import torch  # before decord, which may crash otherwise
from actionclip_mm.decoding import Video
grey = [frame.mean() for frame in Video(path, decoders=[decoder]).read([0, 12, 23])]
assert all(abs(found - wanted) < 12 for found, wanted in zip(grey, (0, 120, 230))), grey
"""
MODELS = ('ViT-B-32', 'ViT-B-16', 'ViT-L-14', 'RN50')


def write_clip(path: Path) -> None:
    """Encode a clip whose frame number i has the grey level 10 i."""
    import av
    import numpy as np

    with av.open(str(path), 'w') as container:
        stream = container.add_stream('mpeg4', rate=10)
        stream.height, stream.width, stream.pix_fmt = 64, 64, 'yuv420p'
        for index in range(FRAMES):
            image = np.full((64, 64, 3), 10 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode())


def check_decoders() -> Iterator[Finding]:
    """Decode frames of a generated clip with each decoder, and compare their grey levels."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / 'clip.mp4'
        try:
            write_clip(clip)
        except Exception as error:
            yield Finding(BROKEN, f'PyAV cannot encode a clip ({error})', "pip install 'av>=14.2'")
            return
        command = [sys.executable, '-W', 'ignore', '-c', DECODE]
        processes = {
            name: subprocess.Popen(
                [*command, name, str(clip)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for name in (*ADVICE, *filter(find_spec, OPTIONAL))
        }
        for name, process in processes.items():
            _, said = process.communicate()
            if process.returncode == 0:
                yield Finding(OK, f'{name} decodes a generated clip')
                continue
            last = (said.strip().splitlines() or ['no message'])[-1]
            cause = f'signal {-process.returncode}' if process.returncode < 0 else last
            text = f'{name} cannot decode a generated clip: {cause}'
            if name in OPTIONAL:
                yield Finding(WARNING, f'{text} (it is optional)', OPTIONAL[name])
            else:
                yield Finding(BROKEN, text, ADVICE[name])


def check_weights() -> Iterator[Finding]:
    """Cached weights of open_clip, and where others are looked for."""
    from huggingface_hub import constants

    from ..clip import hub, published

    missing = []
    for arch in MODELS:
        path = published.cached_file(arch, 'openai')
        if path:
            yield Finding(OK, f'{arch} openai is cached: {path}')
        else:
            missing.append(arch)
    if not missing:
        return
    text = (
        f'openai weights not cached: {", ".join(missing)} (cache {constants.HF_HUB_CACHE}, hub '
        f'{constants.ENDPOINT})'
    )
    if constants.HF_HUB_OFFLINE:
        advice = 'unset HF_HUB_OFFLINE, copy the cache here, or give a file with --pretrained FILE'
        yield Finding(WARNING, f'{text}; offline by HF_HUB_OFFLINE', advice)
    elif hub.hub_answers():
        yield Finding(OK, f'{text}; the hub can be reached and they are downloaded when used')
    else:
        advice = (
            'set HF_ENDPOINT to a mirror or https_proxy to a proxy, copy the cache of another '
            'machine here, give a file with --pretrained FILE, or use --arch mini'
        )
        yield Finding(WARNING, f'{text}; the hub does not answer', advice)


def check_gpu() -> Iterator[Finding]:
    """Compute on each GPU that torch sees."""
    import torch

    if not torch.cuda.is_available():
        built = torch.version.cuda or torch.version.hip
        if not (shutil.which('nvidia-smi') or Path('/dev/nvidia0').exists()):
            yield Finding(OK, 'no GPU: models run on the CPU')
        elif built:
            text = f'torch {torch.__version__} (CUDA {built}) does not see the GPU of this machine'
            advice = 'update the driver, or install torch for the CUDA version of nvidia-smi'
            yield Finding(BROKEN, text, advice)
        else:
            text = f'torch {torch.__version__} is built for the CPU and does not use the GPU'
            yield Finding(WARNING, text, 'install torch and torchvision for CUDA')
        return
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        text = f'cuda:{index} {properties.name}, {properties.total_memory / GIB:.0f} GiB'
        try:
            ones = torch.ones(64, 64, device=f'cuda:{index}')
            if not bool((ones @ ones == 64).all()):
                raise RuntimeError('a matrix product is wrong')
        except RuntimeError as error:
            advice = f'install a torch that supports compute capability {properties.major}.x'
            yield Finding(BROKEN, f'{text} does not compute: {error}', advice)
            continue
        yield Finding(OK, text)


def check_caches() -> Iterator[Finding]:
    """Size of the files that are kept between processes."""
    folder = cache_folder('text_banks')
    size = folder_size(folder) / 2**20
    text = f'{size:.1f} MiB of text features in {folder}, which can be deleted at any time'
    yield Finding(OK, text)


def check_disk() -> Iterator[Finding]:
    """Free space for checkpoints, for the cache of weights and for data-loader workers."""
    from huggingface_hub import constants

    yield from _space(Path.cwd(), 'current folder, for work_dirs/', 10, 'a checkpoint of ViT-B/16 '
                      'with its optimizer takes 1.8 GB: use another disk')  # fmt: skip
    cache = Path(constants.HF_HUB_CACHE)
    parent = next(folder for folder in (cache, *cache.parents) if folder.exists())
    yield from _space(parent, f'cache of weights, {cache}', 5, 'set HF_HOME to a larger disk')
    yield from _space(Path(tempfile.gettempdir()), 'temporary files', 1, 'set TMPDIR')
    shared = Path('/dev/shm')
    if shared.is_dir():
        advice = 'start the container with --shm-size=8g, or set num_workers=0'
        yield from _space(shared, '/dev/shm, through which workers hand over batches', 1, advice)
    yield Finding(OK, f'{os.cpu_count()} CPU cores')


def _space(folder: Path, use: str, wanted: int, advice: str) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free / GIB
    text = f'{free:.1f} GiB free ({use})'
    if not os.access(folder, os.W_OK):
        yield Finding(WARNING, f'{folder} is not writable ({use})', 'use another folder')
    elif free < wanted:
        yield Finding(WARNING, text, advice)
    else:
        yield Finding(OK, text)
