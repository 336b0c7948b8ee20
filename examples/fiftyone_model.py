"""Labels and embeddings of videos in FiftyOne: its `Model` interface on top of a recognizer.

    pip install fiftyone actionclip_mm

    import fiftyone as fo
    from fiftyone_model import ActionCLIPModel

    dataset = fo.Dataset.from_videos_dir('clips')
    model = ActionCLIPModel(ActionCLIPInferencer('ViT-B-16', labels=['hugging', 'arm wrestling']))
    dataset.apply_model(model, label_field='action')
    dataset.compute_embeddings(model, embeddings_field='actionclip')

For class names that change, build another model around the same inferencer.
"""

from collections.abc import Sequence
from typing import Any

import fiftyone as fo
import fiftyone.core.models as fom
import numpy as np

from actionclip_mm.apis import ActionCLIPInferencer


class ActionCLIPModel(fom.Model, fom.EmbeddingsMixin):
    """A video model of FiftyOne.

    Args:
        inferencer: With default labels, or a checkpoint that has some.
        labels: Class names; None for those of the inferencer.
        threshold: Cosine below which a video gets no label. None, the default, always labels.
    """

    media_type = 'video'
    has_embeddings = True
    ragged_batches = True  # videos are read one by one
    transforms = None
    preprocess = False

    def __init__(
        self,
        inferencer: ActionCLIPInferencer,
        labels: Sequence[str] | None = None,
        threshold: float | None = None,
    ) -> None:
        self.inferencer, self.labels, self.threshold = inferencer, labels, threshold
        self._embeddings: np.ndarray | None = None

    def predict(self, arg: Any) -> fo.Classification | None:
        """Label of a video and its score; None below the threshold.

        Args:
            arg: FiftyOne's reader of the video; only its path is used.
        """
        answer = self.inferencer(
            arg.inpath, labels=self.labels, none_of_these=self.threshold, embeddings=True
        )
        self._embeddings = answer.embedding[None]  # [1, D]
        if answer.rejected:
            return None
        return fo.Classification(label=answer.label, confidence=answer.top(1)[0][1])

    def embed(self, arg: Any) -> np.ndarray:
        """Normalised embedding [1, D] of a video."""
        self._embeddings = self.inferencer.encode_video(arg.inpath).numpy()
        return self._embeddings

    def embed_all(self, args: Sequence[Any]) -> np.ndarray:
        """Normalised embeddings [N, D] of videos."""
        return self.inferencer.encode_video([arg.inpath for arg in args]).numpy()

    def get_embeddings(self) -> np.ndarray | None:
        """Embedding of the last video."""
        return self._embeddings
