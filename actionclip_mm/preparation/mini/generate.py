"""Generate the mini benchmark: about 2000 clips with their lists, and stills for pre-training.

Everything follows from the seed. Clips of order pairs come as twins: the second is the first
reversed, so a model that ignores the order of frames gives both the same scores. Every frame is a
key frame with one quantiser, so a reversed clip decodes to exactly the reversed frames.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np

from ...utils import check_writable, write_json
from ...utils import generated_set as manifests
from ...utils.child_process import begin_worker
from .motion import render_clip
from .stills import attribute_captions, render_still
from .vocabulary import (
    ORDER_PAIRS,
    ActionClass,
    mirror_of,
    seen_and_unseen,
    write_annotations,
    write_labels,
)

SPLITS = ('train', 'val', 'unseen')
JPEG_QUALITY = 92
FRAMES_PER_SECOND = 8
QUANTISER = 24


class Job(NamedTuple):
    """A clip to render: its path, class and seed, and the path of its reverse."""

    path: Path
    action: ActionClass
    seed: tuple[int, ...]
    twin: Path | None


class Clip(NamedTuple):
    """A line of the annotation files."""

    path: str
    action: ActionClass


def plan_split(
    root: Path, split: str, classes: list[ActionClass], per_class: int, seed: int
) -> tuple[list[Clip], list[Job]]:
    """Clips of a split and the jobs that render them."""
    clips: list[Clip] = []
    jobs: list[Job] = []
    for action in classes:
        mirror = mirror_of(action)
        if mirror is not None and action.kind in [second for _, second in ORDER_PAIRS]:
            continue  # written as the twins of the first member
        for _ in range(per_class):
            number = (seed, SPLITS.index(split), len(jobs))
            names = [f'{split}/{len(clips) + i:05d}.mp4' for i in range(2 if mirror else 1)]
            paths = [root / 'videos' / name for name in names]
            jobs.append(Job(paths[0], action, number, paths[1] if mirror else None))
            actions = [action, mirror] if mirror else [action]
            clips += [Clip(name, a) for name, a in zip(names, actions, strict=True)]
    return clips, jobs


def run_job(job: Job) -> int:
    """Render and write a clip and its twin; returns the number of files."""
    frames = render_clip(job.action, np.random.default_rng(job.seed))
    write_video(job.path, frames)
    if job.twin is None:
        return 1
    write_video(job.twin, frames[::-1])
    return 2


def write_video(path: Path, frames: np.ndarray) -> None:
    """Encode uint8 frames [T, H, W, 3] (RGB) as H.264 with key frames only."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=FRAMES_PER_SECOND)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = 'yuv420p'
        stream.gop_size = 1
        stream.codec_context.thread_count = 1
        stream.options = {'qp': str(QUANTISER), 'preset': 'veryfast', 'tune': 'psnr'}
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format='rgb24')
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def write_still(job: tuple[Path, tuple[int, ...]]) -> dict:
    """Render an image; returns its line of captions.jsonl."""
    path, seed = job
    image, captions = render_still(np.random.default_rng(seed))
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    if not cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality):
        raise OSError(f"'{path}' could not be written: is the disk full?")
    return dict(image=path.name, captions=captions)


def run_all(work: Callable, jobs: list, processes: int, what: str) -> Iterator:
    """Yield results in order and print progress."""
    with Pool(processes, begin_worker) as pool:
        for done, result in enumerate(pool.imap(work, jobs, chunksize=16), start=1):
            yield result
            if done % max(1, len(jobs) // 5) == 0:
                print(f'{what}: {done} of {len(jobs)}', flush=True)


def generate_clips(root: Path, args: argparse.Namespace) -> None:
    """Write all splits with their annotation and label files."""
    seen, unseen = seen_and_unseen()
    sizes = dict(train=(seen, args.train), val=(seen, args.val), unseen=(unseen, args.unseen))
    splits, jobs = {}, []
    for split, (classes, per_class) in sizes.items():
        (root / 'videos' / split).mkdir(parents=True, exist_ok=True)
        splits[split], new = plan_split(root, split, classes, per_class, args.seed)
        jobs += new
    files = sum(run_all(run_job, jobs, args.processes, 'clips rendered'))
    write_labels(root, seen, unseen)
    for split, clips in splits.items():
        write_annotations(root, split, clips, sizes[split][0])
    print(f'{files} clips of {len(seen)} seen and {len(unseen)} unseen classes')


def generate_stills(root: Path, args: argparse.Namespace) -> None:
    """Write images with captions, the last tenth of them held out."""
    folder = root / 'stills'
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(folder / f'{i:05d}.jpg', (args.seed, len(SPLITS), i)) for i in range(args.stills)]
    lines = [json.dumps(line) for line in run_all(write_still, jobs, args.processes, 'stills')]
    held_out = len(lines) // 10
    (root / 'captions_train.jsonl').write_text('\n'.join(lines[:-held_out]) + '\n')
    (root / 'captions_val.jsonl').write_text('\n'.join(lines[-held_out:]) + '\n')
    (root / 'labels_captions.txt').write_text('\n'.join(attribute_captions()) + '\n')
    print(f'{len(lines)} stills')


move = os.replace


def replace(root: Path, new: Path) -> None:
    """Replace an older set; the manifest marks an interrupted replacement.

    Other files of the folder stay, and stills if the new set has none.
    """
    content = json.loads((new / manifests.NAME).read_text())
    root.mkdir(parents=True, exist_ok=True)
    write_json(root / manifests.NAME, manifests.being_replaced())
    for path in new.iterdir():
        old = root / path.name
        if path.name == manifests.NAME:
            continue
        if old.is_dir():
            shutil.rmtree(old)
        move(path, old)
    write_json(root / manifests.NAME, content)


def generate(args: argparse.Namespace) -> None:
    """Generate a set next to its folder, then put it in place.

    Args:
        args: ``out``, ``seed``, clips per class of ``train``, ``val`` and ``unseen``, number of
            ``stills``, number of ``processes``.

    Raises:
        OSError: The folder cannot be written.
    """
    cv2.setNumThreads(1)  # the processes share the cores already
    start = time.perf_counter()
    out = Path(os.path.realpath(args.out))  # a link stays one
    check_writable(out / manifests.NAME)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f'.{out.name}.', dir=out.parent) as folder:
        new = Path(folder)
        generate_clips(new, args)
        if args.stills:
            generate_stills(new, args)
        sizes = {name: getattr(args, name) for name in (*SPLITS, 'stills')}
        made = dict(seed=args.seed, sizes=sizes)
        write_json(new / manifests.NAME, manifests.describe(new, made))
        replace(out, new)
    print(f'done in {time.perf_counter() - start:.0f} s: {args.out}')
