"""Reads what ``tools/test.py --dump FILE.pkl`` wrote, without running code that a file may hold."""

import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch


def read_dump(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Scores and labels of all tested videos, in the order of the list.

    Videos that could not be read have minus infinity in each class.

    Args:
        path: The file of ``--dump``; its videos have multi-hot labels.

    Returns:
        Scores [N, C] and labels, bool [N, C].

    Raises:
        FileNotFoundError: No such file.
        ValueError: A file of something else, or of a test with one label per video.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no dump '{path}': give the file of test.py --dump.")
    with open(path, 'rb') as file:
        try:
            samples = _TensorsOnly(file).load()
        except Exception as error:  # bytes of another kind are taken for commands: anything
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ValueError(
                f"'{path}' cannot be read as a dump ({reason}): give the file of test.py --dump."
            ) from error
    if not (isinstance(samples, list) and samples and all(map(_is_sample, samples))):
        raise ValueError(
            f"'{path}' holds no list of samples with pred_score and gt_label: give the file of "
            'test.py --dump.'
        )
    shapes = {tuple(sample[key].shape) for sample in samples for key in ('pred_score', 'gt_label')}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise ValueError(
            f"'{path}' has scores and labels of shapes {sorted(shapes)}: all must have one number "
            'per class; dump a test with multi_class=True and pooled views.'
        )
    scores = np.stack([_scores(sample) for sample in samples])
    return scores, np.stack([sample['gt_label'].numpy() > 0 for sample in samples])


def _is_sample(sample: Any) -> bool:
    return isinstance(sample, dict) and all(
        isinstance(sample.get(key), torch.Tensor) for key in ('pred_score', 'gt_label')
    )


def _scores(sample: dict) -> np.ndarray:
    scores = sample['pred_score'].float().numpy()
    return np.full_like(scores, -np.inf) if 'undecodable' in sample else scores


class _TensorsOnly(pickle.Unpickler):
    """Builds containers and tensors, and refuses all else that a pickle can name."""

    def find_class(self, module: str, name: str) -> Any:
        allowed = {
            ('collections', 'OrderedDict'): OrderedDict,
            ('torch._utils', '_rebuild_tensor_v2'): torch._utils._rebuild_tensor_v2,
            ('torch.storage', '_load_from_bytes'): _load_from_bytes,
        }
        if (module, name) == ('_codecs', 'encode'):  # how old protocols write bytes
            return lambda text, encoding: text.encode('latin1')
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f'it holds {module}.{name}, which could run code')
        return allowed[module, name]


def _load_from_bytes(content: bytes) -> Any:
    return torch.load(io.BytesIO(content), weights_only=True)
