"""The video side of a recognizer as one module: videos and a text bank in, scores out."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from mmaction.models import Recognizer3D
from torch import Tensor, nn

from ..models.heads import VideoTextHead


class VideoSide(nn.Module):
    """Score videos against any text bank, without the text tower.

    It calls the recognizer's own parts, so scores are those of its test and of
    ``ActionCLIPInferencer``.

    Args:
        model: A recognizer with a ``VideoTextHead``; its weights are shared.
        temperature: Divides the logits. Defaults to 1.

    Raises:
        ValueError: A head without texts, or a recognizer of another input than
            [N, V, 3, T, H, W].
    """

    def __init__(self, model: nn.Module, temperature: float = 1.0) -> None:
        super().__init__()
        head = getattr(model, 'cls_head', None)
        if not isinstance(head, VideoTextHead):
            raise ValueError(
                f'{type(head).__name__} compares no texts, so there is no text bank to give: only '
                'models with a VideoTextHead can be exported to this format.'
            )
        if not isinstance(model, Recognizer3D):
            raise ValueError(
                f'{type(model).__name__} does not take videos [N, V, 3, T, H, W]: only models of '
                'CLIPRecognizer or Recognizer3D can be exported to this format.'
            )
        if head.matcher.takes_frames:
            raise ValueError(
                f'{type(head.matcher).__name__} compares frames with sentences: only models with '
                'CosineMatcher can be exported to this format.'
            )
        self.backbone, self.neck = model.backbone, getattr(model, 'neck', None)
        self.cls_head = _without_text_tower(head)
        self.temperature = temperature

    def forward(self, video: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Scores and features of videos.

        Args:
            video: Normalised pixels, fp32 [N, V, 3, T, H, W].
            text: Text features of the classes [P, C, D], normalised or not.

        Returns:
            Scores [N, C] ([N, V, C] if the head keeps views), and the features of the views, of
            length 1, [N, V, D].
        """
        views = video.shape[:2]
        feats = self.backbone(video.flatten(0, 1))  # [N·V, T, D]
        if self.neck is not None:
            feats = self.neck(feats)[0]  # [N·V, D]
        feats = self.cls_head.embed(feats)  # [N·V, D]
        counts = torch.full((text.shape[1],), text.shape[0], device=text.device)  # [C]
        logits = self.cls_head.compare(feats, text, counts).unflatten(0, views)  # [N, V, P, C]
        scores = self.cls_head.pool(logits, self.temperature)  # [N, C]
        return scores, F.normalize(feats.float(), dim=-1).unflatten(0, views)  # [N, V, D]


def _without_text_tower(head: VideoTextHead) -> Any:
    """A head that shares all but the label encoder."""
    head = copy.copy(head)
    parts = dict(head.named_children())
    del parts['label_encoder']
    head.__dict__['_modules'] = parts
    return head


@contextmanager
def exportable(module: nn.Module) -> Iterator[None]:
    """Evaluate whole batches within the block.

    Chunks of frames and gradient checkpointing change no result, but they would fix the batch size
    in a graph.
    """
    plain = dict(frame_chunk=None, grad_checkpointing=False, micro_batch_size=None)
    parts = list(module.modules())
    training = [part.training for part in parts]
    changed = [
        (part, name, getattr(part, name)) for part in parts for name in plain if hasattr(part, name)
    ]
    module.eval()
    for part, name, _ in changed:
        setattr(part, name, plain[name])
    try:
        with torch.no_grad():
            yield
    finally:
        for part, name, value in changed:
            setattr(part, name, value)
        for part, mode in zip(parts, training, strict=True):
            part.training = mode
