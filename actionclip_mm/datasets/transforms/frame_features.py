"""Read frame features that were made once, instead of decoding a video and running the tower."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...decoding import UnreadableVideo
from ...features import FeatureStore, sample_name
from ...features.keys import pipeline_key
from ...features.store import difference


@TRANSFORMS.register_module()
class LoadFrameFeatures(BaseTransform):
    """Put the features of a video in the place of its frames, for a frozen ``CLIPImageEncoder``.

    Epoch e takes augmented view e modulo A, so that all A views are used equally often, and A
    epochs see what they would see without the store if the run has the seed it was made with.
    Without a known epoch a view is drawn. Set by
    :func:`~actionclip_mm.features.configs.use_frame_features`.

    Args:
        folder: A split of what ``actionclip cache-features`` wrote.
        pipeline: The pipeline that it stands for, which is compared with that of the features.
        prefix: Folder of the data set's paths, which names of samples do not have. Defaults to
            ``''``.
        verify: Whether to compare the hashes of the files first. Defaults to True.

    Raises:
        FileNotFoundError: No features, or not all.
        ValueError: A damaged file, or features of another pipeline.
    """

    def __init__(
        self, folder: str, pipeline: Sequence[dict], prefix: str = '', verify: bool = True
    ) -> None:
        self.folder = folder
        self.prefix = prefix
        self.key = FeatureStore(folder, verify).key
        found = difference(self.key['pipeline'], pipeline_key(pipeline), 'pipeline')
        if found:
            raise ValueError(
                f"The features in '{folder}' are of another pipeline ({found}): make them again "
                'with actionclip cache-features, into another folder.'
            )

    @cached_property
    def store(self) -> FeatureStore:
        """The features, opened in the process that reads them."""
        return FeatureStore(self.folder, verify=False)

    def missing(self, infos: Sequence[dict]) -> list[str]:
        """Names of annotated samples that have no place in the store."""
        names = (sample_name(info, self.prefix) for info in infos)
        return [name for name in names if name not in self.store]

    def transform(self, results: dict) -> dict:
        """Add ``imgs``, the features of fp32 [V, T, D] of one augmented view.

        Raises:
            UnreadableVideo: The video could not be read when the features were made.
            ValueError: The features are of another list.
        """
        if results.get('stand_in'):  # for a video that cannot be read; its score does not count
            results['imgs'] = torch.ones(self.store.shape[1:])
            return results
        name = sample_name(results, self.prefix)
        if name in self.store.failed:
            raise UnreadableVideo(self.store.failed[name])
        if name not in self.store:
            raise ValueError(
                f"'{self.folder}' has no features of this video: make them for this list with "
                'actionclip cache-features.'
            )
        views = self.store[name]  # [A, V, T, D]
        epoch = results.get('epoch')
        view = np.random.randint(len(views)) if epoch is None else epoch % len(views)
        results['imgs'] = views[view].float()
        return results

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != 'store'}

    def __repr__(self) -> str:
        return f'{type(self).__name__}(folder={self.folder!r}, prefix={self.prefix!r})'
