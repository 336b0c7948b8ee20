"""Read ``--dump`` files of the test command without running code that they may contain."""

import io
import math
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np
import torch

from ..compat.checkpoints import load_weights_only
from ..compat.unpickling import NUMPY_OBJECTS, PlainUnpickler, encode_latin1
from ..utils import first_line
from ..utils.weight_values import check_scores


def read_dump(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Read scores and labels of all tested videos, in the order of the list.

    A video that could not be read scores -inf in every class. If it has a class id, only its own
    class does, and the others have the lowest finite score, so that ties cannot make it right.

    Args:
        path: File of ``--dump``; its videos have a class id each, or multi-hot labels.

    Returns:
        Scores [N, C] and labels, bool [N, C]; a class id becomes a single True.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Another kind of file, scores and labels that do not match, or NaN.
    """
    samples = _read_samples(path)
    check_dump(samples, f"'{path}'")
    num_classes = samples[0]['pred_score'].numel()
    scores, truth = [], []
    for index, sample in enumerate(samples):
        label, score = sample['gt_label'], sample['pred_score'].float().numpy()
        one_hot = _one_hot(label, num_classes)
        if score.shape != (num_classes,) or one_hot is None:
            raise ValueError(
                f"Sample {index} of '{path}' has scores of shape {list(score.shape)} and labels "
                f'{label.tolist() if label.numel() < 2 else list(label.shape)}: all must have one '
                f'score for each of {num_classes} classes, and a class id below it or one number '
                'per class; dump a test with pooled views.'
            )
        if label.is_floating_point() and not bool(label.isfinite().all()):
            raise ValueError(
                f"The labels of sample {index} of '{path}' are NaN or infinite: dump it again."
            )
        if 'undecodable' in sample:
            lowest = np.full_like(score, np.finfo(score.dtype).min)
            score = np.where(one_hot | label.is_floating_point(), -np.inf, lowest)
        scores.append(score)
        truth.append(one_hot)
    return np.stack(scores), np.stack(truth)


def _read_samples(path: str | Path) -> list[dict[str, Any]]:
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no dump '{path}': pass the file of test.py --dump.")
    with open(path, 'rb') as file:
        try:
            samples = load_tensors(file)
        except Exception as error:  # bytes of another kind are taken for commands: anything
            raise ValueError(
                f"'{path}' cannot be read as a dump ({first_line(error)}): give the file of "
                'test.py --dump.'
            ) from error
    if not (isinstance(samples, list) and samples and all(map(_is_sample, samples))):
        raise ValueError(
            f"'{path}' is not a list of samples with pred_score and gt_label: pass the file of "
            'test.py --dump.'
        )
    return samples


def load_tensors(file: BinaryIO) -> Any:
    """Load a pickle of containers, tensors, and numbers and arrays of numpy.

    Raises:
        Exception: Of any kind, if the file is something else or names other objects.
    """
    return _TensorsOnly(file).load()


def score_tensors(sample: Any) -> list[torch.Tensor]:
    """Scores of a sample: one tensor, or one per modality."""
    scores = sample.get('pred_score') if isinstance(sample, dict) else None
    parts = scores.values() if isinstance(scores, dict) else [scores]
    return [score for score in parts if isinstance(score, torch.Tensor)]


def check_dump(content: Any, source: str) -> None:
    """Refuse NaN and infinite scores in what a pickle holds; content of other kinds passes.

    Args:
        content: What :func:`load_tensors` returned.
        source: The file, for the message.

    Raises:
        ValueError: With the sample.
    """
    for index, sample in enumerate(content if isinstance(content, list) else []):
        for score in score_tensors(sample):
            check_scores(score, f'sample {index} of {source}')


def _is_sample(sample: Any) -> bool:
    return isinstance(sample, dict) and all(
        isinstance(sample.get(key), torch.Tensor) and not sample[key].is_complex()
        for key in ('pred_score', 'gt_label')
    )


def _one_hot(label: torch.Tensor, num_classes: int) -> np.ndarray | None:
    """Bool [C], or None for an invalid label. Multi-hot labels of mmaction2 are floats."""
    if label.is_floating_point():
        return label.numpy() > 0 if label.shape == (num_classes,) else None
    if label.numel() != 1 or not 0 <= label.item() < num_classes:
        return None
    return np.arange(num_classes) == label.item()


def _load_from_bytes(content: bytes) -> Any:
    return load_weights_only(io.BytesIO(content))


def _rebuild_tensor(storage: Any, offset: int, size: Any, stride: Any, *_: Any) -> torch.Tensor:
    """Rebuild a tensor within its storage; torch would extend it with uninitialized memory."""
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if math.prod(size) and last >= storage._untyped_storage.nbytes() // storage.dtype.itemsize:  # noqa: SLF001
        raise pickle.UnpicklingError('a tensor is larger than its storage')
    return torch._utils._rebuild_tensor_v2(storage, offset, size, stride, False, OrderedDict())  # noqa: SLF001


class _TensorsOnly(PlainUnpickler):
    """Build containers, tensors, and numbers and arrays of numpy; refuse all other names."""

    known: ClassVar[dict] = {
        **NUMPY_OBJECTS,
        'collections.OrderedDict': OrderedDict,
        'torch._utils._rebuild_tensor_v2': _rebuild_tensor,
        'torch.storage._load_from_bytes': _load_from_bytes,
        '_codecs.encode': encode_latin1,  # how old protocols write bytes
        'builtins.bytes': lambda: b'',
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except pickle.UnpicklingError:
            raise pickle.UnpicklingError(
                f'it holds {module}.{name}, which could run code'
            ) from None
