"""Search video embeddings with text embeddings, exactly or with FAISS."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..utils import check_positive
from .store import FeatureStore
from .videos import parse_name

PIECE = 65536  # rows that are compared at once


@dataclass(frozen=True)
class Hit:
    """A video that was found.

    Attributes:
        score: Cosine.
        video: Its path.
        start: Start of the span in seconds; None for a whole video.
        end: End of the span in seconds; None for a whole video.
    """

    score: float
    video: str
    start: float | None = None
    end: float | None = None


class FeatureIndex:
    """The embeddings of ``actionclip features``, in memory.

    >>> index = FeatureIndex('features/clips')
    >>> index.search(inferencer.encode_text(['a person flips a pancake'], 'label_only'), k=3)

    Args:
        folder: What ``actionclip features`` wrote.
        method: ``'exact'`` (default), ``'faiss'`` for a flat FAISS index with the same results, or
            ``'faiss:FACTORY'`` for another one of FAISS's index factory, such as
            ``'faiss:HNSW32'``, which is approximate. FAISS is the extra ``[search]``.
        verify: Whether to compare the hash of each file. Defaults to True.

    Attributes:
        names: Name of each row.
        features: Normalised features [N, D].
        failed: Name of a video without features -> why.
        key: What the features depend on.

    Raises:
        FileNotFoundError: No features, or files are missing.
        ValueError: A damaged file, features of other kinds, or an unknown method.
        ImportError: FAISS is not installed.
    """

    def __init__(self, folder: str | Path, method: str = 'exact', verify: bool = True) -> None:
        store = FeatureStore(folder, verify)
        self.key = store.key
        self.failed = store.failed
        if len(store.shape) != 1 or 'model' not in self.key:
            raise ValueError(
                f"'{folder}' holds features of another kind: search needs those of actionclip "
                'features.'
            )
        self.names, self.features = store.matrix()
        self._faiss = None if method == 'exact' else _build_faiss(method, self.features)

    def __len__(self) -> int:
        return len(self.names)

    def search(self, text_features: Tensor, k: int = 10) -> list[list[Hit]]:
        """The ``k`` nearest videos of each text, best first.

        Args:
            text_features: [Q, D], of the same model, see ``ActionCLIPInferencer.encode_text``.
            k: Number of videos; fewer where there are fewer. Defaults to 10.

        Returns:
            Q lists of hits.

        Raises:
            ValueError: Features of another width, or ``k`` is not positive.
        """
        check_positive(k, 'k')
        if text_features.dim() != 2 or text_features.shape[1] != self.features.shape[1]:
            raise ValueError(
                f'text_features must be [Q, {self.features.shape[1]}], got '
                f'{list(text_features.shape)}.'
            )
        texts = F.normalize(text_features.detach().float().cpu(), dim=-1)
        k = min(k, len(self))
        if k == 0:
            return [[] for _ in texts]
        if self._faiss is None:
            scores, rows = _nearest(texts, self.features, k)
        else:
            scores, rows = map(torch.from_numpy, self._faiss.search(texts.numpy(), k))
        return [
            [self._hit(score, row) for score, row in zip(*pair, strict=True) if row >= 0]
            for pair in zip(scores.tolist(), rows.tolist(), strict=True)
        ]

    def _hit(self, score: float, row: int) -> Hit:
        return Hit(score, *parse_name(self.names[row], self.key.get('window') is not None))


def _nearest(texts: Tensor, features: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Scores [Q, k] and rows [Q, k], best first; equal scores in the order of the rows."""
    scores = torch.empty(len(texts), 0)
    rows = torch.empty(len(texts), 0, dtype=torch.long)
    for start in range(0, len(features), PIECE):
        piece = features[start : start + PIECE].float()  # [n, D]
        found, places = (texts @ piece.T).topk(min(k, len(piece)))
        scores, rows = torch.cat([scores, found], 1), torch.cat([rows, places + start], 1)
        rows, order = rows.sort()
        scores, order = scores.gather(1, order).sort(descending=True, stable=True)
        scores, rows = scores[:, :k], rows.gather(1, order)[:, :k]
    return scores, rows


def _build_faiss(method: str, features: Tensor) -> Any:
    """FAISS index of features [N, D] under the inner product."""
    kind, _, factory = method.partition(':')
    if kind != 'faiss':
        raise ValueError(f"The index must be exact, faiss or faiss:FACTORY, got '{method}'.")
    try:
        import faiss
    except ImportError:
        raise ImportError(
            "FAISS is not installed: pip install 'actionclip_mm[search]', or use the exact index."
        ) from None
    values = features.float().numpy()
    try:
        index = faiss.index_factory(values.shape[1], factory or 'Flat', faiss.METRIC_INNER_PRODUCT)
        if not index.is_trained:
            index.train(values)
    except RuntimeError as error:  # of C++, with its source line
        raise ValueError(
            f"FAISS cannot build '{factory}' of {len(values)} videos: choose another index "
            f'({str(error).strip().splitlines()[-1][-200:]}).'
        ) from None
    index.add(values)
    return index
