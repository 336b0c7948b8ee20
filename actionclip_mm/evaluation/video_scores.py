"""Scores of each video of a test as safetensors, from which every metric can be recomputed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ..models.text import read_labels
from ..utils import first_line, write_bytes

KEY = 'actionclip_mm'  # a single key, because safetensors writes several in random order


class VideoScores(NamedTuple):
    """Scores and labels of a test.

    Attributes:
        videos: N paths relative to the folder of the videos, in the order of the list.
        classes: C names in id order.
        scores: fp32 [N, C]; those of unreadable videos are set by :class:`CompleteEvaluator`.
        labels: Class ids, int64 [N], or multi-hot labels, bool [N, C].
        failed: Bool [N], True for unreadable videos.
    """

    videos: tuple[str, ...]
    classes: tuple[str, ...]
    scores: np.ndarray
    labels: np.ndarray
    failed: np.ndarray


@METRICS.register_module()
class VideoScoresFile(BaseMetric):
    """Write scores, labels and names of all videos to a file; returns no metric.

    Args:
        out_file: ``.safetensors`` file, replaced at each evaluation.
        labels: Class names, a list or a label file.
        root: Folder that video names are relative to. Defaults to ''.
        collect_device: As in mmengine.

    Raises:
        ValueError: Another suffix; while testing, samples with scores per view.
    """

    default_prefix = 'scores'

    def __init__(
        self,
        out_file: str,
        labels: str | Sequence[str],
        root: str = '',
        collect_device: str = 'cpu',
    ) -> None:
        super().__init__(collect_device=collect_device)
        if not str(out_file).endswith('.safetensors'):
            raise ValueError(f"VideoScoresFile.out_file='{out_file}' must end in .safetensors.")
        self.out_file = Path(out_file)
        self.labels = read_labels(labels, split_names=False)
        self.root = root

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Keep one result per sample."""
        for sample in data_samples:
            scores = torch.as_tensor(sample['pred_score']).float().cpu().numpy()
            if scores.shape != (len(self.labels),):
                raise ValueError(
                    f'VideoScoresFile needs one score for each of {len(self.labels)} classes, got '
                    f"shape {scores.shape}: set cls_head.average_clips to 'prob' or 'score'."
                )
            label = torch.as_tensor(sample['gt_label']).cpu().numpy()
            truth = label > 0 if label.shape == scores.shape and label.dtype.kind == 'f' else label
            name = str(sample.get('filename', sample['sample_idx']))
            name = name.removeprefix(f'{self.root}/') if self.root else name
            failed = 'undecodable' in sample
            self.results.append((sample['sample_idx'], name, scores, truth, failed))

    def compute_metrics(self, results: list[tuple[int, str, np.ndarray, Any, bool]]) -> dict:
        """Write the file and return no metric."""
        results = sorted(results, key=lambda result: result[0])  # batches of any size, any process
        _, names, scores, labels, failed = zip(*results, strict=True)
        content = dict(videos=names, classes=self.labels)
        truth = np.stack(labels)
        arrays = dict(
            scores=np.stack(scores),
            labels=truth if truth.dtype == bool else truth.reshape(-1).astype(np.int64),
            failed=np.array(failed),
        )
        write_bytes(self.out_file, save(arrays, metadata={KEY: json.dumps(content)}))
        return {}


def read_video_scores(path: str | Path) -> VideoScores:
    """Read what :class:`VideoScoresFile` wrote.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Another kind of file, or arrays that do not match.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no file of scores '{path}': run the test again.")
    try:
        with safe_open(path, 'numpy') as file:
            content = json.loads((file.metadata() or {})[KEY])
            arrays = {name: file.get_tensor(name) for name in ('scores', 'labels', 'failed')}
        found = VideoScores(tuple(content['videos']), tuple(content['classes']), **arrays)
        shape = (len(found.videos), len(found.classes))
        fits = found.scores.shape == shape and found.failed.shape == shape[:1]
        if not fits or found.labels.shape not in (shape, shape[:1]):
            raise ValueError(f'its arrays do not match {shape[0]} videos of {shape[1]} classes')
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"'{path}' is not a file of video scores ({first_line(error)}): pass the "
            'scores.safetensors of a protocol run.'
        ) from error
    return found
