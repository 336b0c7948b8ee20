"""Match clips with the label texts of a call, without touching the labels of the model."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.structures import ActionDataSample
from mmengine.dataset import pseudo_collate
from torch import Tensor, nn

from ..clip.precision import computing_in, round_weights
from ..models.building import has_texts
from ..models.text import TextBank, read_labels, read_prompts
from ..utils import list_names
from ..utils.weight_values import check_scores
from .building import PLACEHOLDER, Labels
from .prediction import FrameRelevance, Prediction
from .video_reading import Clip

# Sentences that fit any video: `none_of_these` is their share of the probability.
NEUTRAL_SENTENCES = (
    'a video',
    'a photo',
    'something else',
    'an unrelated scene',
    'nothing is happening',
    'a blurry picture',
)
MOST_BANKS = 16  # label lists whose text features are kept


@dataclass(frozen=True)
class Classes:
    """The classes of a call.

    Attributes:
        labels: Their C names.
        bank: Their text features; None for a head without texts. With ``neutral``, the features of
            the neutral sentences follow them.
        threshold: On the largest cosine, or None.
        notes: Sentences for the user.
        neutral: Whether neutral sentences compete.
    """

    labels: tuple[str, ...]
    bank: TextBank | None = None
    threshold: float | None = None
    notes: tuple[str, ...] = ()
    neutral: bool = False

    def rejects(self, cosines: Tensor) -> bool:
        """Whether no class reaches the threshold."""
        return self.threshold is not None and float(cosines.max()) < self.threshold


class Matcher:
    """A model that matches clips with the classes of each call; safe to share between threads.

    Args:
        model: A recognizer in eval mode.
        temperature: Divides the logits.
        precision: ``'bf16'`` rounds the weights of its backbone, in place. Defaults to ``'fp32'``.
    """

    def __init__(self, model: nn.Module, temperature: float, precision: str = 'fp32') -> None:
        self.model: Any = model
        self.temperature = temperature
        self.precision = precision
        if precision != 'fp32':
            round_weights(model.get_submodule('backbone'), precision)
        self._lock = threading.RLock()
        self._banks: OrderedDict[tuple, TextBank] = OrderedDict()

    @property
    def has_texts(self) -> bool:
        """Whether the head compares with texts; other heads have fixed classes."""
        return has_texts(self.model)

    def bank(self, labels: Labels | None, templates: Labels | None) -> TextBank:
        """Text features of class names under templates; None is the model's own.

        Raises:
            ValueError: Bad labels or templates, or a model without labels or texts.
        """
        self._check_texts()
        encoder = self.model.cls_head.label_encoder
        if labels is None and encoder.labels == PLACEHOLDER:
            raise ValueError('labels must be given: this model has no class names of its own.')
        names = encoder.labels if labels is None else read_labels(labels, encoder.split_names)
        prompts = encoder.prompts if templates is None else read_prompts(templates)
        listed = tuple(prompts.items()) if isinstance(prompts, dict) else prompts
        key = (names, listed, encoder.state_of_weights())
        with self._lock, torch.no_grad(), self._computing():
            if key not in self._banks:
                self._banks[key] = encoder.bank(names, prompts)
                while len(self._banks) > MOST_BANKS:
                    self._banks.popitem(last=False)
            self._banks.move_to_end(key)
            return self._banks[key]

    def classes(
        self,
        labels: Labels | None,
        templates: Labels | None,
        none_of_these: bool | float | None = None,
    ) -> Classes:
        """The classes of a call, see :class:`ActionCLIPInferencer`."""
        if not self.has_texts:
            if labels is not None or templates is not None or none_of_these:
                raise ValueError(
                    'labels, templates and none_of_these need a VideoTextHead; the classes of '
                    f'{type(self.model.cls_head).__name__} are fixed.'
                )
            return Classes(tuple(f'class {i}' for i in range(self.model.cls_head.num_classes)))
        bank = self.bank(labels, templates)
        competes = self.model.cls_head.scores == 'softmax'
        notes = []
        if none_of_these is None and len(bank.labels) == 1 and competes:
            none_of_these = True
            notes.append(
                'A single label competes with neutral sentences: its probability would be 100 %.'
            )
        unreadable = self.model.cls_head.label_encoder.unreadable(bank.labels)
        if unreadable:
            notes.append(
                f"The model's tokenizer does not know the script of {list_names(unreadable)}: "
                'scores mean little, translate the labels or use a multilingual model.'
            )
        if none_of_these is None or none_of_these is False:
            return Classes(bank.labels, bank, notes=tuple(notes))
        if none_of_these is True:
            if not competes:
                raise ValueError(
                    "none_of_these=True needs a head with scores='softmax': give a threshold on "
                    'the cosine instead.'
                )
            neutral = self.bank(NEUTRAL_SENTENCES, 'label_only')
            return Classes(bank.labels, bank.joined(neutral), notes=tuple(notes), neutral=True)
        if not -1 <= none_of_these <= 1:
            raise ValueError(f'none_of_these must be True or in [-1, 1], got {none_of_these}.')
        return Classes(bank.labels, bank, none_of_these, tuple(notes))

    @torch.no_grad()
    def answer(self, clips: list[Clip], classes: Classes, embeddings: bool) -> list[Prediction]:
        """Results for clips of one shape."""
        if classes.bank is None:
            return self._answer_fixed(clips, classes)
        head = self.model.cls_head
        bank = classes.bank
        video, frames = self.features(clips)  # [N, V, D], [N, V, T, D] or None
        scores = self.compare(self._compared(video, frames), classes)  # [N, C]
        size = len(classes.labels)
        text = bank.mean()[:size]  # [C, D]
        video = F.normalize(video, dim=-1)  # [N, V, D]
        cosines = (video @ text.T).mean(dim=1)  # [N, C]
        answers = []
        for index, clip in enumerate(clips):
            check_scores(scores[index], clip.source.name)
            values = scores[index].tolist()
            answers.append(
                Prediction(
                    clip.source.name,
                    classes.labels,
                    tuple(values[:size]),
                    are_probabilities=head.scores != 'similarity',
                    none_of_these=sum(values[size:]) if classes.neutral else None,
                    rejected=classes.rejects(cosines[index]),
                    cosines=tuple(cosines[index].tolist()),
                    frames=None if frames is None else _relevance(clip, frames[index, 0], text),
                    embedding=_mean_view(video[index]).numpy() if embeddings else None,
                    notes=classes.notes,
                    decoder=clip.decoder,
                    missing_frames=clip.missing,
                    images_of=clip.images,
                )
            )
        return answers

    def _compared(self, video: Tensor, frames: Tensor | None) -> Tensor:
        matcher = self.model.cls_head.matcher
        if not matcher.takes_frames:
            return video
        if frames is None:
            raise ValueError(
                f'{type(matcher).__name__} compares frames, which this backbone does not give.'
            )
        return frames

    @torch.no_grad()
    def compare(self, video: Tensor, classes: Classes) -> Tensor:
        """Scores of video features.

        Args:
            video: [N, V, D], not normalised; [N, V, T, D] for a matcher of frames.
            classes: Of the call; with ``neutral``, the scores of neutral sentences follow.

        Returns:
            Mean over views, [N, C].
        """
        head, bank = self.model.cls_head, classes.bank
        assert bank is not None
        with self._lock:
            logits = head.compare_bank(video.flatten(0, 1), bank)  # [N·V, P, C]
            logits = logits.unflatten(0, video.shape[:2])  # [N, V, P, C]
            scores = head.pool(logits, self.temperature)  # [N, C] or [N, V, C]
        return scores.reshape(len(video), -1, scores.shape[-1]).mean(dim=1)  # [N, C]

    @torch.no_grad()
    def frame_features(self, data: dict) -> Tensor:
        """Features of frames that the backbone encodes one by one.

        Args:
            data: What a pipeline gives, ``inputs`` [V, 3, T, H, W].

        Returns:
            [V, T, D], not normalised.
        """
        with self._lock, self._computing():
            inputs = self.model.data_preprocessor(pseudo_collate([data]), False)['inputs']
            return self.model.extract_feat(inputs, stage='backbone')[0]

    @torch.no_grad()
    def join_frames(self, frames: Tensor) -> Tensor:
        """Frame features [N, V, T, D] of the backbone to what is compared, [N, V, D].

        It is [N, V, T, D] for a matcher of frames.
        """
        with self._lock, self._computing():
            feats = frames.flatten(0, 1)  # [N·V, T, D]
            if self.model.with_neck:
                feats, _ = self.model.neck(feats)
            return self.model.cls_head.to_match(feats).float().unflatten(0, frames.shape[:2])

    @torch.no_grad()
    def encode_pixels(self, pixels: Tensor) -> Tensor:
        """Pixels uint8 [N, V, 3, T, H, W] to what is compared, as :meth:`join_frames`."""
        with self._lock, self._computing():
            samples = [ActionDataSample() for _ in pixels]
            data = self.model.data_preprocessor(dict(inputs=[*pixels], data_samples=samples), False)
            feats, kwargs = self.model.extract_feat(
                data['inputs'], data_samples=data['data_samples'], test_mode=True
            )
            video = self.model.cls_head.to_match(feats, kwargs.get('num_segs')).float()
            return video.unflatten(0, pixels.shape[:2])  # [N, V, D]

    def features(self, clips: list[Clip]) -> tuple[Tensor, Tensor | None]:
        """Features of clips of one shape.

        Returns:
            Video features [N, V, D] and, if the backbone has them, frame features [N, V, T, D],
            both fp32, not normalised.
        """
        data = self.model.data_preprocessor(pseudo_collate([clip.data for clip in clips]), False)
        backbone = self.model.backbone
        with self._lock, torch.no_grad(), self._computing(), _outputs_of(backbone) as outputs:
            feats, kwargs = self.model.extract_feat(
                data['inputs'], data_samples=data['data_samples'], test_mode=True
            )
            head = self.model.cls_head
            video = head.embed(feats, kwargs.get('num_segs')).float()  # [N·V, D]
            video = video.unflatten(0, (len(clips), -1))  # [N, V, D]
            per_frame = all(out.dim() == 3 and out.shape[1] > 1 for out in outputs)
            if not outputs or not per_frame or outputs[0].shape[-1] != head.in_channels:
                return video, None
            frames = head.projection(torch.cat(outputs)).float()  # [N·V, T, D]
            return video, frames.unflatten(0, (len(clips), -1))  # [N, V, T, D]

    def encode_videos(self, clips: list[Clip]) -> Tensor:
        """Normalised features of clips of one shape, mean over views, fp32 [N, D] on the CPU.

        Raises:
            ValueError: A head without texts.
        """
        self._check_texts()
        views = F.normalize(self.features(clips)[0], dim=-1)  # [N, V, D]
        return F.normalize(views.mean(dim=1), dim=-1).cpu()  # [N, D]

    def _computing(self) -> AbstractContextManager[None]:
        """What the model computes within: autocast for bf16."""
        return computing_in(self.precision, next(self.model.parameters()).device)

    def _check_texts(self) -> None:
        if not self.has_texts:
            raise ValueError(
                f'{type(self.model.cls_head).__name__} compares no texts: use a VideoTextHead.'
            )

    def _answer_fixed(self, clips: list[Clip], classes: Classes) -> list[Prediction]:
        with self._lock, self._computing():
            samples = self.model.test_step(pseudo_collate([clip.data for clip in clips]))
        answers = []
        for clip, sample in zip(clips, samples, strict=True):
            scores = sample.pred_score.float().reshape(-1, len(classes.labels))  # [V or 1, C]
            check_scores(scores, clip.source.name)
            values = tuple(scores.mean(dim=0).tolist())
            answers.append(
                Prediction(
                    clip.source.name,
                    classes.labels,
                    values,
                    decoder=clip.decoder,
                    missing_frames=clip.missing,
                    images_of=clip.images,
                )
            )
        return answers

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {'_lock': None, '_banks': OrderedDict()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.RLock())


@contextmanager
def _outputs_of(module: nn.Module) -> Iterator[list[Tensor]]:
    """Tensors that a module returns within the block."""
    outputs: list[Tensor] = []

    def keep(_module: nn.Module, _args: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            outputs.append(output)

    handle = module.register_forward_hook(keep)
    try:
        yield outputs
    finally:
        handle.remove()


def _relevance(clip: Clip, frames: Tensor, text: Tensor) -> FrameRelevance | None:
    """Cosines of the frames [T, D] of the first view with the classes [C, D]."""
    if len(clip.frames) < len(frames):  # the pipeline has not noted their numbers
        return None
    indices = clip.frames[: len(frames)]
    seconds = None if not clip.fps else tuple(number / clip.fps for number in indices)
    cosines = F.normalize(frames, dim=-1) @ text.T  # [T, C]
    return FrameRelevance(indices, seconds, np.asarray(cosines.cpu()))


def _mean_view(video: Tensor) -> Tensor:
    """Normalised mean [D] of normalised views [V, D], on the CPU."""
    return F.normalize(video.mean(dim=0), dim=-1).cpu()
