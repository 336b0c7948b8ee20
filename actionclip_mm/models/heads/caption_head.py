"""CLIP's pre-training as a head: each image meets captions of its own instead of a class name."""

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

    Every caption in the batch that is true of an image is one of its positives, so 'red' drawn for
    one image is not a negative for another red one.

    Args:
        captions_per_image: How many captions an image meets at once; encoding a caption costs far
            less than encoding an image. Defaults to 1.
        **kwargs: As in :class:`VideoTextHead`.

    Raises:
        ValueError: ``captions_per_image`` is not a positive whole number; a loss over the texts of
            all classes or with class weights; samples have no captions.
    """

    def __init__(self, captions_per_image: int = 1, **kwargs) -> None:
        check_positive(captions_per_image, 'cls_head.captions_per_image')
        super().__init__(**kwargs)
        if not self.loss_cls.needs_labels:
            raise ValueError(
                f'cls_head.loss_cls={type(self.loss_cls).__name__} compares with a text of each '
                'class, but here each image brings a caption: set VideoTextKLLoss.'
            )
        if self.loss_cls.class_weight is not None:
            raise ValueError(
                'cls_head.loss_cls.class_weight must be None under CaptionHead: captions are not '
                'classes.'
            )
        self.captions_per_image = captions_per_image

    def loss(
        self, feats: Feats, data_samples: list, num_segs: int | None = None, **kwargs
    ) -> dict[str, Tensor]:
        """Contrastive loss; an image stands there once for each of its captions."""
        video = pool_features(feats, num_segs)  # [B, in_channels]
        video = video.repeat(self.captions_per_image, 1)  # [K·B, in_channels]
        return super().loss(video, data_samples * self.captions_per_image, **kwargs)

    def training_texts(self, data_samples: list) -> tuple[Tensor, Tensor, Tensor]:
        """A caption for each sample, and which captions each image and each text stands for.

        Returns:
            Token ids [B, L], caption sets of the images [B, C], those of the texts [B, C]; C are
            the different captions that were drawn in the batch of all processes.
        """
        if not all('captions' in sample for sample in data_samples):
            raise ValueError(
                'CaptionHead needs the captions of each sample: put captions into meta_keys of '
                'PackActionInputs and use ImageTextDataset.'
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
    """Which of the known captions are true of an image, [C]."""
    sums = torch.tensor([_checksum(caption) for caption in captions], device=known.device)
    return torch.isin(known, sums)


def _checksum(caption: str) -> int:
    """A number that stands for a caption on every process alike."""
    return zlib.crc32(caption.encode())
