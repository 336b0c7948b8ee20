"""Run an image tower over the videos of a data set and write what it gives."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from mmengine.dataset import BaseDataset
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..utils import first_line
from ..utils.progress import with_progress
from ..utils.seeding import seed_all
from .store import FeatureWriter, Shard, sample_name

Clip = Tensor | str  # a sample of a pipeline [V, 3, T, H, W], or why there is none


class SeededClips(Dataset):
    """Clips of a data set's pipeline, seeded as training seeds them: by run, epoch and sample.

    Args:
        dataset: Data set of mmengine with a pipeline that ends in ``PackActionInputs``.
        items: Index and epoch of each clip.
        seed: Seed of the run.
    """

    def __init__(self, dataset: BaseDataset, items: Sequence[tuple[int, int]], seed: int) -> None:
        self.dataset = dataset
        self.items = items
        self.seed = seed

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> Clip:
        index, epoch = self.items[place]
        for last in (False, True):  # two attempts, as in RobustReading
            seed_all(self.seed, epoch, index)
            try:
                data = self.dataset.pipeline(self.dataset.get_data_info(index))
                if data is None:
                    return 'the pipeline returned None'
                return data['inputs']
            except MemoryError:
                raise
            except Exception as error:  # whatever a transform raises
                if last:
                    return first_line(error)
        raise AssertionError


def frame_features_of(recognizer: Any, device: torch.device) -> Callable[[list[Tensor]], Tensor]:
    """The image tower of a recognizer as a function of clips.

    Args:
        recognizer: Has ``backbone`` and ``data_preprocessor``; is moved to the device.
        device: Where to compute.

    Returns:
        Function from clips of uint8 [V, 3, T, H, W] to features [N, V, T, D] of fp32.
    """
    recognizer = recognizer.to(device).eval()

    @torch.no_grad()
    def encode(clips: list[Tensor]) -> Tensor:
        batch = recognizer.data_preprocessor(dict(inputs=clips, data_samples=None))['inputs']
        views = batch.flatten(0, 1)  # [N·V, 3, T, H, W]
        features = recognizer.backbone(views)  # [N·V, T, D]
        return features.float().unflatten(0, batch.shape[:2])  # [N, V, T, D]

    return encode


def names_of(dataset: BaseDataset) -> dict[str, int]:
    """Name of each different sample of a data set -> its first index."""
    prefix = data_folder(dataset)
    found: dict[str, int] = {}
    for index in range(len(dataset)):
        found.setdefault(sample_name(BaseDataset.get_data_info(dataset, index), prefix), index)
    return found


def data_folder(dataset: Any) -> str:
    """The folder of a data set's paths: the only value of ``data_prefix``."""
    folders = list((dataset.data_prefix or {}).values())
    return str(folders[0]) if len(folders) == 1 else ''


def extract(
    dataset: BaseDataset,
    writer: FeatureWriter,
    encode: Callable[[list[Tensor]], Tensor],
    views: int = 1,
    part: tuple[int, int] = (0, 1),
    seed: int = 0,
    batch_size: int = 8,
    num_workers: int = 0,
    title: str = 'encoding clips',
) -> dict[str, str]:
    """Write the features of all samples that are not written yet.

    Args:
        dataset: Data set with the names of the writer, see :func:`names_of`.
        writer: Where features go; each sample has [A, …], one row per augmented view.
        encode: Features of a list of clips.
        views: A, augmented views of each sample: those of epochs 0 to A - 1 of a run.
        part: Number of this process and number of processes.
        seed: Seed of the run.
        batch_size: Clips encoded at once.
        num_workers: Processes that decode; 0 decodes in this one.
        title: Shown with the progress.

    Returns:
        Names of the samples without features -> why.

    Raises:
        ValueError: Clips differ in shape, or no video can be read.
    """
    indices = list(names_of(dataset).values())
    shards = writer.pending(*part)
    clips = SeededClips(
        dataset,
        [(indices[place], view) for shard in shards for place in _places(shard)
         for view in range(views)],
        seed,
    )  # fmt: skip
    failed: dict[str, str] = {}
    if not shards:
        return failed
    loader = DataLoader(clips, batch_size, num_workers=num_workers, collate_fn=list)
    rows = _encoded(with_progress(loader, title), encode)
    for shard in shards:
        samples = [[next(rows) for _ in range(views)] for _ in _places(shard)]
        features, bad = _stack(samples)
        if features is None:
            raise ValueError(
                f'No video of {len(samples)} can be read, such as '
                f"'{writer.names[shard.start]}': {bad[0]}."
            )
        writer.write(shard, features, bad)
        failed |= {writer.names[shard.start + place]: why for place, why in bad.items()}
    return failed


def _stack(samples: list[list[Clip]]) -> tuple[Tensor | None, dict[int, str]]:
    """Features [n, A, …] of samples, zeros for those that failed; None if all did."""
    good, bad = {}, {}
    for place, views in enumerate(samples):
        errors = [view for view in views if isinstance(view, str)]
        if errors:
            bad[place] = errors[0]
        else:
            good[place] = torch.stack([view for view in views if isinstance(view, Tensor)])
    if not good:
        return None, bad
    blank = torch.zeros_like(next(iter(good.values())))
    return torch.stack([good.get(place, blank) for place in range(len(samples))]), bad


def _places(shard: Shard) -> range:
    return range(shard.start, shard.stop)


def _encoded(batches: Iterator[list[Clip]], encode: Callable) -> Iterator[Clip]:
    """Features of each clip, or why there is none."""
    for batch in batches:
        clips = [clip for clip in batch if isinstance(clip, Tensor)]
        if len({clip.shape for clip in clips}) > 1:
            shapes = sorted({tuple(clip.shape) for clip in clips})
            raise ValueError(f'Clips must have one shape, got {shapes[0]} and {shapes[1]}.')
        features = iter(encode(clips) if clips else [])
        for clip in batch:
            yield clip if isinstance(clip, str) else next(features)
