"""CLIP's pre-training as a head: each image meets a caption of its own instead of a class name."""

import zlib

import torch
from mmaction.registry import MODELS
from torch import Tensor

from .video_text_head import VideoTextHead

# Captions are told apart by their checksum modulo this, so that processes agree without talking.
# Two different ones meet by accident once in 8192 pairs, which a contrastive loss does not feel.
NUM_BUCKETS = 8192


@MODELS.register_module()
class CaptionHead(VideoTextHead):
    """Trains with ``data_sample.caption``; tests like :class:`VideoTextHead` with its labels.

    Every caption in the batch that is among ``data_sample.captions`` of an image is one of its
    positives, so 'red' drawn for one image is not a negative for another red one.
    """

    def training_texts(self, data_samples: list) -> tuple[Tensor, Tensor, Tensor]:
        """The drawn captions, and which captions each image and each text stands for.

        Returns:
            Token ids [B, L], caption sets of the images [B, NUM_BUCKETS], those of the texts
            [B, NUM_BUCKETS].
        """
        if not all('caption' in sample for sample in data_samples):
            raise ValueError(
                'CaptionHead needs the caption of each sample: put caption and captions into '
                'meta_keys of PackActionInputs and use ImageTextDataset.'
            )
        drawn = [sample.caption for sample in data_samples]
        tokens = self.label_encoder.tokenize(drawn)  # [B, L]
        images = _caption_sets(
            [sample.get('captions', [sample.caption]) for sample in data_samples]
        )
        texts = _caption_sets([[caption] for caption in drawn])
        return tokens, images.to(tokens.device), texts.to(tokens.device)


def _caption_sets(captions: list[list[str]]) -> Tensor:
    """Multi-hot vectors of caption buckets, [B, NUM_BUCKETS]."""
    sets = torch.zeros(len(captions), NUM_BUCKETS)
    for row, texts in enumerate(captions):
        sets[row, [zlib.crc32(text.encode()) % NUM_BUCKETS for text in texts]] = 1
    return sets
