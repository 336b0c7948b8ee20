"""Label videos: one thread-safe object for files, arrays and any labels."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor, nn

from ..clip import Arch
from ..clip.precision import PRECISIONS, warn_if_slow
from ..converters.description import describe, write_folder
from ..models.text import TextBank, read_prompts
from ..models.text.class_sentences import Prompts
from ..utils import check_choice, check_positive
from ..utils.devices import best_device
from ..utils.label_names import read_labels
from .batches import BatchSize, Unread, clips_in_batches
from .building import (
    PLACEHOLDER,
    Labels,
    build_trained,
    build_zero_shot,
    check_texts,
    load_model,
    read_model_config,
)
from .inputs import Source, read_inputs
from .long_videos import SlidingWindows, check_span, make_timeline
from .matching import Matcher
from .prediction import Prediction
from .timeline import Segment, Timeline
from .video_reading import (
    Clip,
    VideoError,
    VideoReading,
    pipeline_of,
    pipeline_of_config,
    preprocess_of,
)


class ActionCLIPInferencer:
    """A recognizer with its test pipeline.

    Labels belong to the call: they change nothing for other calls, in this thread or another one.
    Instances can be shared by threads and pickled.

    >>> inferencer = ActionCLIPInferencer('ViT-B-16')
    >>> inferencer('video.mp4', labels=['arm wrestling', 'flipping pancake']).label
    'arm wrestling'

    Args:
        model: ``'mini'`` (the shipped mini CLIP), an open_clip model name (zero-shot), the path of
            a checkpoint or of an exported folder, or a recognizer of mmaction2.
        pipeline: Configs of the test pipeline; only with a recognizer.
        labels: Default class names, or the path of a label file. None for those of the model.
        templates: Default preset, file or list of templates. None for those of the model.
        device: ``'auto'`` (a GPU if there is one, default), ``'cpu'``, ``'cuda:1'``, …
        batch_size: Videos computed at once, a positive integer. None, the default, adapts it: the
            first video alone, then more at once while that is faster (:class:`BatchSize`).
        workers: Threads that decode the next videos while the model computes; 0 for none. None, the
            default, is one per processor, at most 4.
        precision: ``'fp32'`` (default) or ``'bf16'``, which is faster where the processor computes
            in it, and changes scores in the third digit. The weights of ``model`` are rounded.
        temperature: Divides the logits; above 1 makes probabilities less extreme. None, the
            default, is the fitted one of the model, or 1.

    Raises:
        ValueError: Bad labels, templates or numbers.
        FileNotFoundError: A missing file.
    """

    def __init__(
        self,
        model: str | Path | nn.Module,
        pipeline: Sequence[dict] | None = None,
        labels: Labels | None = None,
        templates: Labels | None = None,
        device: str | torch.device = 'auto',
        batch_size: int | None = None,
        temperature: float | None = None,
        workers: int | None = None,
        precision: str = 'fp32',
    ) -> None:
        if batch_size is not None:
            check_positive(batch_size, 'batch_size')
        if workers:
            check_positive(workers, 'workers')
        if temperature is not None and not temperature > 0:
            raise ValueError(f'temperature must be positive, got {temperature}.')
        check_choice(precision, tuple(PRECISIONS), 'precision')
        check_texts(labels, templates)
        if not isinstance(model, nn.Module):
            if '://' in str(model) or Path(model).exists():
                loaded = load_model(str(model))
                model, pipeline = loaded.model, loaded.pipeline
                temperature = temperature or loaded.temperature
            else:
                model = build_zero_shot(str(model), 'openai')
        if not hasattr(model, 'cls_head'):
            raise ValueError(f'model must be a recognizer with a cls_head, got {type(model)}.')
        if pipeline is None:
            pipeline = pipeline_of(preprocess_of(model))
        self.device = best_device() if device == 'auto' else torch.device(device)
        warn_if_slow(precision, self.device)
        self.matcher = Matcher(model.to(self.device).eval(), temperature or 1.0, precision)
        self.read = VideoReading(pipeline)
        self.batch_size, self.workers = batch_size, workers
        self._labels, self._templates = labels, templates
        if labels is not None:
            self.matcher.classes(labels, templates)  # refuse bad ones now

    @classmethod
    def from_clip(
        cls,
        labels: Labels | None = None,
        arch: Arch = 'ViT-B-16',
        pretrained: str | None = 'openai',
        templates: Labels = 'actionclip16',
        num_frames: int = 8,
        num_clips: int = 1,
        **kwargs: Any,
    ) -> 'ActionCLIPInferencer':
        """Zero-shot: CLIP's towers and the mean of the frames.

        Args:
            labels: Default class names, or the path of a label file.
            arch: open_clip model name, ``local-dir:FOLDER``, model-config dict or the path of such
                a dict as JSON; ``'mini'`` is the shipped mini CLIP. Defaults to ``'ViT-B-16'``.
            pretrained: open_clip tag, path of a weight file, or None: random weights, except for
                ``local-dir:`` and ``hf-hub:`` names, which have their own. Defaults to
                ``'openai'``.
            templates: Preset, file or list of templates. Defaults to ``'actionclip16'``.
            num_frames: Frames per clip. Defaults to 8.
            num_clips: Clips per video, averaged. Defaults to 1.
            **kwargs: ``device``, ``batch_size``, ``workers``, ``precision`` and ``temperature`` of
                the constructor.

        Raises:
            ValueError: Bad labels, templates or numbers, unknown ``arch``, weights that do not fit.
            FileNotFoundError: A missing file, or weights of a tag that cannot be downloaded.
        """
        check_positive(num_frames, 'num_frames')
        check_positive(num_clips, 'num_clips')
        check_texts(labels, templates)
        model = build_zero_shot(arch, pretrained)
        pipeline = pipeline_of(preprocess_of(model), num_frames, num_clips)
        return cls(model, pipeline, labels, templates, **kwargs)

    @classmethod
    def from_config(
        cls, config: str | Path | Config, checkpoint: str | None, **kwargs: Any
    ) -> 'ActionCLIPInferencer':
        """A trained model with the test pipeline of its config, if it has one.

        Args:
            config: Config the model was trained with.
            checkpoint: Checkpoint of the training, or None for random weights.
            **kwargs: Further arguments of the constructor.

        Raises:
            ValueError: The config cannot be read, or the checkpoint does not fit it.
            FileNotFoundError: A missing file.
        """
        check_texts(kwargs.get('labels'), kwargs.get('templates'))
        config = read_model_config(config)
        model = build_trained(config, checkpoint)
        return cls(model, pipeline_of_config(config, model), **kwargs)

    @classmethod
    def from_pretrained(cls, path: str | Path, **kwargs: Any) -> 'ActionCLIPInferencer':
        """A model that describes itself: an exported folder or a checkpoint of this package.

        Raises:
            FileNotFoundError: No such file or folder.
            ValueError: A checkpoint without a description of its model.
        """
        if not Path(path).exists():
            raise FileNotFoundError(f"'{path}' does not exist: give a checkpoint or a folder.")
        return cls(path, **kwargs)

    def describe(self) -> dict[str, Any]:
        """The model with the default labels as plain data, see :func:`describe`.

        Raises:
            ValueError: The model was built elsewhere and does not know its config, or its weights
                were rounded for bf16.
        """
        if self.matcher.precision != 'fp32':
            precision = self.matcher.precision
            raise ValueError(f"precision={precision!r} has rounded the weights: save with 'fp32'.")
        cfg = getattr(self.model, 'cfg', None)
        if cfg is None:
            raise ValueError('The config of this model is unknown: set model.cfg to it.')
        texts = (self.bank().labels, self.prompts) if self.matcher.has_texts else ()
        return describe(self.model, cfg, self.read.pipeline, self.matcher.temperature, *texts)

    def bank(self) -> TextBank:
        """Text features of the default labels under the default templates.

        Raises:
            ValueError: No labels, or a head without texts.
        """
        return self.matcher.bank(self._labels, self._templates)

    @property
    def prompts(self) -> Prompts:
        """Default templates, or sentences by class."""
        if self._templates is None:
            return self.model.cls_head.label_encoder.prompts
        return read_prompts(self._templates)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write a folder that :meth:`from_pretrained` reads, with the default labels.

        Its files: ``model.safetensors``, ``config.json`` and ``labels.txt``.

        Raises:
            ValueError: See :meth:`describe`.
            OSError: A file was not written.
        """
        write_folder(folder, self.model.state_dict(), self.describe(), 'actionclip_mm')

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Default class names; None if each call has to give its own.

        Heads without texts have ``class 0``, ….
        """
        if not self.matcher.has_texts:
            return self.matcher.classes(None, None).labels
        encoder = self.model.cls_head.label_encoder
        if self._labels is not None:
            return read_labels(self._labels, encoder.split_names)
        return None if encoder.labels == PLACEHOLDER else tuple(encoder.labels)

    def __call__(
        self,
        inputs: Any,
        labels: Labels | None = None,
        templates: Labels | None = None,
        topk: int = 5,
        none_of_these: bool | float | None = None,
        embeddings: bool = False,
    ) -> Prediction | list[Prediction]:
        """Label one video or several.

        Args:
            inputs: See :func:`read_inputs`: a path, folder, glob pattern, array or tensor
                [T, H, W, 3], list of images, iterator of frames, or a list of these.
            labels: Class names of this call, or the path of a label file. Defaults to
                :attr:`labels`.
            templates: Preset, file or list of templates of this call.
            topk: Labels that ``plot`` and ``to_dict`` show. Defaults to 5.
            none_of_these: True adds neutral sentences that compete with the labels; a number is a
                threshold on the cosine, below which the label is ``'none of these'``. None, the
                default, is True for a single label, whose probability would be 1 otherwise.
            embeddings: Whether results include the video feature. Defaults to False.

        Returns:
            A :class:`Prediction` for one video, a list for several. In a list, a video that cannot
            be read has ``error`` set and the others are answered.

        Raises:
            VideoError: A single video cannot be read.
            ValueError: Bad labels, templates, numbers or inputs.
        """
        sources, single = read_inputs(inputs)
        answers = list(self._stream(sources, labels, templates, topk, none_of_these, embeddings))
        if not single:
            return answers
        if answers[0].error is not None:
            raise VideoError(answers[0].error)
        return answers[0]

    def stream(
        self,
        inputs: Any,
        labels: Labels | None = None,
        templates: Labels | None = None,
        **options: Any,
    ) -> Iterator[Prediction]:
        """Like calling, but yield each result as soon as its batch is done."""
        yield from self._stream(read_inputs(inputs)[0], labels, templates, **options)

    def timeline(
        self,
        source: str | Path | Iterable[np.ndarray],
        labels: Labels | None = None,
        templates: Labels | None = None,
        window: float = 4.0,
        stride: float | None = None,
        threshold: float = 0.0,
        min_seconds: float = 0.0,
        max_seconds: float | None = None,
        none_of_these: bool | None = None,
        on_segment: Callable[[Segment], None] | None = None,
    ) -> Timeline:
        """Label a long video over time with sliding windows, in memory that does not grow with it.

        A window is T frames at equal distances, T being that of the test pipeline. Its scores are
        those of the same frames given as a video.

        Args:
            source: Path of a video file, number of a camera, address of a stream (``rtsp://…``), or
                an iterator of frames, uint8 [H, W, 3], T per ``window`` seconds.
            labels: As in a call.
            templates: As in a call.
            window: Seconds of a window. Defaults to 4.
            stride: Seconds between starts of windows, rounded to whole frames of the window. None,
                the default, is a quarter of a window.
            threshold: Smallest score of a label; below it the label is ``'none of these'``.
                Defaults to 0.
            min_seconds: Shorter segments take the label of the longer neighbour. Defaults to 0.
            max_seconds: Where to stop; None, the default, for the end.
            none_of_these: As in a call.
            on_segment: Called with each segment as soon as it cannot change any more.

        Returns:
            Segments and scores of all windows.

        Raises:
            VideoError: The source cannot be read.
            ValueError: Bad labels or numbers, or a model without texts.
        """
        spacing, rate = check_span(window, stride, self.read.clip_frames)
        labels = self._labels if labels is None else labels
        templates = self._templates if templates is None else templates
        classes = self.matcher.classes(labels, templates, none_of_these)
        if classes.bank is None:
            raise ValueError('Long videos need a model with a VideoTextHead.')
        windows = SlidingWindows(
            self.matcher, self.read, classes, self.read.clip_frames, spacing, rate
        )
        is_path = isinstance(source, (str, Path))
        name = str(source) if is_path else 'video'
        return make_timeline(
            windows,
            name if is_path else source,  # type: ignore[arg-type]
            name,
            threshold,
            min_seconds,
            max_seconds,
            on_segment,
        )

    def encode_video(self, inputs: Any) -> Tensor:
        """Normalised features of videos, mean over views, fp32 [N, D] on the CPU.

        Raises:
            VideoError: A video cannot be read.
            ValueError: A head without texts.
        """
        sources, _ = read_inputs(inputs)
        size = BatchSize(self.batch_size)
        found = []
        for clips in self._clips(sources, size):
            if isinstance(clips, Unread):
                raise clips.error
            with size.timed(len(clips)):
                found.append(self.matcher.encode_videos(clips))  # [N of the batch, D]
        return torch.cat(found)  # [N, D]

    def encode_text(self, labels: Labels, templates: Labels | None = None) -> Tensor:
        """Normalised features of class names, mean over templates, fp32 [C, D] on the CPU.

        ``templates='label_only'`` encodes whole sentences as they are.
        """
        return self.matcher.bank(labels, templates or self._templates).mean().cpu()

    def similarity(self, video: Tensor, text: Tensor) -> Tensor:
        """Cosines [N, C] of :meth:`encode_video` and :meth:`encode_text`."""
        return F.normalize(video, dim=-1) @ F.normalize(text, dim=-1).T

    @property
    def model(self) -> Any:
        """The recognizer."""
        return self.matcher.model

    def _stream(
        self,
        sources: list[Source],
        labels: Labels | None,
        templates: Labels | None,
        topk: int = 5,
        none_of_these: bool | float | None = None,
        embeddings: bool = False,
    ) -> Iterator[Prediction]:
        check_positive(topk, 'topk')
        labels = self._labels if labels is None else labels
        templates = self._templates if templates is None else templates
        classes = self.matcher.classes(labels, templates, none_of_these)
        size = BatchSize(self.batch_size)
        for clips in self._clips(sources, size):
            if isinstance(clips, Unread):
                name, error = clips.source.name, str(clips.error)
                yield Prediction(name, classes.labels, error=error, topk=topk)
                continue
            with size.timed(len(clips)):
                answers = self.matcher.answer(clips, classes, embeddings)
            for answer in answers:
                yield replace(answer, topk=topk)

    def _clips(self, sources: list[Source], size: BatchSize) -> Iterator[Unread | list[Clip]]:
        """Clips to compute at once; a single video needs no thread."""
        return clips_in_batches(sources, self.read, size, self.workers if sources[1:] else 0)
