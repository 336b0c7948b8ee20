"""Images with captions, the data of CLIP's pre-training, as videos of one frame."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from mmaction.datasets import BaseActionDataset
from mmaction.registry import DATASETS

from ..models.text.label_names import read_labels


@DATASETS.register_module()
class ImageTextDataset(BaseActionDataset):
    """Reads ``{"image": path, "captions": [text, …]}`` lines.

    A sample has ``filename``, ``captions`` (all that are true of the image) and ``num_clips =
    clip_len = 1``: start its pipeline with mmaction2's ``ImageDecode``, and name ``captions``
    among the ``meta_keys`` of ``PackActionInputs`` for ``CaptionHead``.

    Args:
        ann_file: A file of JSON lines.
        pipeline: Transforms.
        data_prefix: ``dict(img=folder of the images)``.
        labels: Class names or a label file for testing: ``label`` then is the multi-hot vector of
            the names that are among the captions of the image. Defaults to None.
        test_mode: As in mmaction2. Defaults to False.

    Raises:
        FileNotFoundError: No such ``ann_file``.
        ValueError: A line that is no JSON object with an image and at least one caption.
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        data_prefix: dict | None = None,
        labels: str | Sequence[str] | None = None,
        test_mode: bool = False,
        **kwargs,
    ) -> None:
        self.labels = None if labels is None else read_labels(labels)
        prefix = dict(img='') if data_prefix is None else data_prefix
        super().__init__(ann_file, pipeline, prefix, test_mode, **kwargs)

    def load_data_list(self) -> list[dict]:
        """One dict of ``filename`` and ``captions`` per line."""
        path = Path(self.ann_file)
        if not path.is_file():
            raise FileNotFoundError(
                f"There is no caption file '{path}': set ann_file to a file of JSON lines."
            )
        folder = Path(self.data_prefix['img'])
        lines = path.read_text(encoding='utf-8').splitlines()
        return [
            self._read_line(line, number, folder)
            for number, line in enumerate(lines, start=1)
            if line.strip()
        ]

    def get_data_info(self, idx: int) -> dict:
        """The sample as a video of one frame."""
        info = super().get_data_info(idx)
        info.update(num_clips=1, clip_len=1)
        if self.labels is not None:
            info['label'] = torch.tensor([float(name in info['captions']) for name in self.labels])
        return info

    def _read_line(self, line: str, number: int, folder: Path) -> dict:
        try:
            entry = json.loads(line)
            image, captions = entry['image'], entry['captions']
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise ValueError(
                f'Line {number} of {self.ann_file} is no JSON object with the keys '
                f'"image" and "captions" ({error}): mend that line.'
            ) from error
        if not isinstance(captions, list) or not captions or not all(captions):
            raise ValueError(
                f'Line {number} of {self.ann_file} has captions {captions!r}: give a list of at '
                'least one non-empty caption.'
            )
        return dict(filename=str(folder / image), captions=captions)
