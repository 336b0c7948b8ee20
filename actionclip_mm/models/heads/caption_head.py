"""CLIP's pre-training as a head: images are compared with captions instead of class names."""

import zlib

import torch
from mmaction.registry import MODELS
from torch import Tensor

from ...utils import check_positive
from ..gather import gather_rows
from .feature_pooling import Feats, pool_features
from .video_text_head import VideoTextHead


@MODELS.register_module()
class CaptionHead(VideoTextHead):
    """Trains with ``data_sample.captions``; tests like :class:`VideoTextHead` with its labels.

    Every caption in the batch that belongs to an image is one of its positives: 'red', drawn for
    one image, is not a negative for another red one.

    Args:
        captions_per_image: Captions drawn per image and step; encoding a caption costs far less
            than encoding an image. Defaults to 1.
        **kwargs: As in :class:`VideoTextHead`.

    Raises:
        ValueError: ``captions_per_image`` is not a positive integer; a loss over the texts of all
            classes or with class weights; samples without captions.
    """

    def __init__(self, captions_per_image: int = 1, **kwargs) -> None:
        check_positive(captions_per_image, 'cls_head.captions_per_image')
        super().__init__(**kwargs)
        if not self.loss_cls.needs_labels or self.loss_cls.class_weight is not None:
            raise ValueError(
                'CaptionHead compares with captions, not classes: cls_head.loss_cls must be '
                f'VideoTextKLLoss without class_weight, got {type(self.loss_cls).__name__}.'
            )
        self.captions_per_image = captions_per_image

    def loss(
        self, feats: Feats, data_samples: list, num_segs: int | None = None, **kwargs
    ) -> dict[str, Tensor]:
        """Contrastive loss; each image is repeated for each of its captions."""
        video = pool_features(feats, num_segs)  # [B, in_channels]
        video = video.repeat(self.captions_per_image, 1)  # [K·B, in_channels]
        return super().loss(video, data_samples * self.captions_per_image, **kwargs)

    def check_samples(self, data_samples: list) -> None:
        """Nothing: samples have captions, which are checked where they are drawn."""

    def training_texts(self, data_samples: list) -> tuple[Tensor, Tensor, Tensor]:
        """Draw a caption for each sample.

        Returns:
            Token ids [B, L], caption sets of the images [B, C], those of the texts [B, C]; C is
            the number of different captions drawn in the batch of all processes.
        """
        if not all('captions' in sample for sample in data_samples):
            raise ValueError(
                'CaptionHead needs samples with captions: use ImageTextDataset, and captions in '
                'meta_keys of PackActionInputs.'
            )
        captions = [sample.captions for sample in data_samples]
        drawn = [texts[int(torch.randint(len(texts), ()))] for texts in captions]
        tokens = self.label_encoder.tokenize(drawn)  # [B, L]
        mine = torch.tensor([_checksum(caption) for caption in drawn])  # [B]
        gathered = gather_rows(mine.to(tokens.device))[0]  # [B_global]
        known = gathered.unique()  # [C], the same on every process
        texts = mine.to(known.device)[:, None] == known  # [B, C]
        images = torch.stack([_members(known, texts) for texts in captions])  # [B, C]
        return tokens, images, texts


def _members(known: Tensor, captions: list[str]) -> Tensor:
    """Which of the known captions belong to an image, [C]."""
    sums = torch.tensor([_checksum(caption) for caption in captions], device=known.device)
    return torch.isin(known, sums)


def _checksum(caption: str) -> int:
    """An id of a caption, the same on every process."""
    return zlib.crc32(caption.encode())
