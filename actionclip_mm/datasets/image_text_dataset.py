"""Images with captions, as in CLIP's pre-training, as videos of one frame."""

import json
import reprlib
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from mmaction.datasets import BaseActionDataset
from mmaction.registry import DATASETS

from ..utils import read_text
from ..utils.annotation_lists import check_inside
from ..utils.label_names import read_labels


@DATASETS.register_module()
class ImageTextDataset(BaseActionDataset):
    """Read ``{"image": path, "captions": [text, …]}`` lines.

    A sample has ``filename``, ``captions`` (all that apply to the image) and ``num_clips =
    clip_len = 1``: start its pipeline with mmaction2's ``ImageDecode``, and name ``captions``
    among the ``meta_keys`` of ``PackActionInputs`` for ``CaptionHead``.

    Args:
        ann_file: JSON-lines file, UTF-8.
        pipeline: Transforms.
        data_prefix: ``dict(img=folder of the images)``.
        labels: Class names or a label file for testing: ``label`` is then the multi-hot vector of
            the names among the captions of the image. Defaults to None.
        test_mode: As in mmaction2. Defaults to False.
        allow_outside: Whether images may lie outside of ``data_prefix``. Defaults to False.

    Raises:
        FileNotFoundError: No such ``ann_file``.
        ValueError: The file is not UTF-8 text, a line is not a JSON object with an image and at
            least one caption, or an image is outside of ``data_prefix``.
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        data_prefix: dict | None = None,
        labels: str | Sequence[str] | None = None,
        test_mode: bool = False,
        allow_outside: bool = False,
        **kwargs,
    ) -> None:
        self.allow_outside = allow_outside
        self.labels = None if labels is None else read_labels(labels)
        prefix = dict(img='') if data_prefix is None else data_prefix
        super().__init__(ann_file, pipeline, prefix, test_mode, **kwargs)

    def load_data_list(self) -> list[dict]:
        """One dict of ``filename`` and ``captions`` per line."""
        path = Path(self.ann_file)
        if not path.is_file():
            raise FileNotFoundError(
                f"Caption file '{path}' does not exist: set ann_file to a JSON-lines file."
            )
        folder = Path(self.data_prefix['img'])
        entries = [
            self._read_line(line, number, folder)
            for number, line in enumerate(read_text(path).split('\n'), start=1)
            if line.strip()
        ]
        if not entries:
            raise ValueError(f"'{path}' is empty: give a file of at least one image.")
        return entries

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
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(
                f'Line {number} of {self.ann_file} is not a JSON object with the keys '
                f'"image" and "captions" ({error}): fix that line.'
            ) from error
        texts = captions if isinstance(captions, list) else []
        if not texts or not all(isinstance(text, str) and text for text in texts):
            raise ValueError(
                f'Line {number} of {self.ann_file} has captions {reprlib.repr(captions)}: give a '
                'list of at least one non-empty caption.'
            )
        if not isinstance(image, str) or not image or '\0' in image:
            raise ValueError(
                f'Line {number} of {self.ann_file} has image {reprlib.repr(image)}: give a path.'
            )
        if not self.allow_outside:
            check_inside(f'Line {number} of {self.ann_file}', image, self.data_prefix['img'])
        return dict(filename=str(folder / image), captions=captions)
