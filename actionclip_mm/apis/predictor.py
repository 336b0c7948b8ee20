"""One object that answers which of the given labels a video shows."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmengine.dataset import pseudo_collate
from torch import nn

from ..clip import CLIPPreprocess
from ..clip.arch import Arch
from ..models.heads.video_text_head import head_with_labels
from ..utils.weight_values import check_scores
from ..utils.wrapped_datasets import innermost_config
from .building import Labels, build_trained, build_zero_shot, check_texts, read_model_config
from .prediction import Prediction
from .video_reading import VideoError, VideoReading, default_pipeline

Video = str | Path


class ActionCLIPPredictor:
    """A recognizer with its test pipeline.

    Usually made by :meth:`from_clip` (zero-shot) or :meth:`from_config` (trained).

    >>> predictor = ActionCLIPPredictor.from_clip(labels=['arm wrestling', 'flipping pancake'])
    >>> predictor('video.mp4').top(1)  # [('arm wrestling', 0.98)]
    >>> predictor('video.mp4', labels=['indoors', 'outdoors']).scores

    Args:
        model: A recognizer of mmaction2 with a ``cls_head``.
        pipeline: Configs of the test pipeline, which begins with a video file.
        labels: Class names, or the path of a label file. None keeps those of the model.
        templates: Preset, file or list of templates. None keeps those of the model.
        device: Where the model computes. Defaults to ``'cpu'``.
        batch_size: Videos computed at once. Defaults to 1.

    Raises:
        ValueError: Bad labels or templates, or ``batch_size`` below 1.
    """

    def __init__(
        self,
        model: nn.Module,
        pipeline: Sequence[dict],
        labels: Labels | None = None,
        templates: Labels | None = None,
        device: str | torch.device = 'cpu',
        batch_size: int = 1,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f'batch_size={batch_size}: give a number of at least 1.')
        if not hasattr(model, 'cls_head'):
            raise ValueError(
                f'{type(model).__name__} has no cls_head: give the config of a recognizer.'
            )
        self.model: Any = model.to(device).eval()
        self.read = VideoReading(pipeline)
        self.batch_size = batch_size
        if labels is not None or templates is not None:
            self.set_labels(self.labels if labels is None else labels, templates)

    @classmethod
    def from_clip(
        cls,
        labels: Labels,
        arch: Arch = 'ViT-B-16',
        pretrained: str | None = 'openai',
        templates: Labels = 'actionclip16',
        num_frames: int = 8,
        num_clips: int = 1,
        **kwargs,
    ) -> 'ActionCLIPPredictor':
        """Zero-shot: CLIP's towers, the mean over the frames, and labels of your own.

        Args:
            labels: Class names, or the path of a label file.
            arch: open_clip model name, ``local-dir:FOLDER``, model-config dict or the path of such
                a dict as JSON. Defaults to ``'ViT-B-16'``.
            pretrained: open_clip tag, path of a weight file, or None: random weights, except for
                ``local-dir:`` and ``hf-hub:`` names, which bring their own. Defaults to
                ``'openai'``.
            templates: Preset, file or list of templates. Defaults to ``'actionclip16'``.
            num_frames: Frames per clip. Defaults to 8.
            num_clips: Clips per video, averaged. Defaults to 1.
            **kwargs: ``device`` and ``batch_size`` of the constructor.

        Raises:
            ValueError: Bad labels, templates or numbers, unknown ``arch``, weights that do not fit.
            FileNotFoundError: A file is not there, or the weights of a tag cannot be fetched.
        """
        for name, value in dict(num_frames=num_frames, num_clips=num_clips).items():
            if value < 1:
                raise ValueError(f'{name}={value}: give a number of at least 1.')
        model: Any = build_zero_shot(labels, templates, arch, pretrained)
        pipeline = _pipeline_of(model.backbone.preprocess, num_frames, num_clips)
        return cls(model, pipeline, **kwargs)

    @classmethod
    def from_config(
        cls, config: str | Path | Config, checkpoint: str | None, **kwargs
    ) -> 'ActionCLIPPredictor':
        """A trained model; its config's test pipeline is used where it has one.

        Args:
            config: The config that the model was trained with.
            checkpoint: What training has saved, or None for random weights.
            **kwargs: Further arguments of the constructor; without ``labels`` those of the config
                are used.

        Raises:
            ValueError: The config cannot be read, or the checkpoint does not fit it.
            FileNotFoundError: A file is not there.
        """
        check_texts(kwargs.get('labels'), kwargs.get('templates'))
        config = read_model_config(config)
        model = build_trained(config, checkpoint)
        return cls(model, _test_pipeline(config, model), **kwargs)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the C classes; ``class 0``, … for heads that know no names."""
        head = self.model.cls_head
        if hasattr(head, 'label_encoder'):
            return tuple(head.label_encoder.labels)
        return tuple(f'class {index}' for index in range(head.num_classes))

    @property
    def gives_probabilities(self) -> bool:
        """Whether scores are within 0 and 1; ``VideoTextHead`` can also give similarities."""
        return getattr(self.model.cls_head, 'scores', None) != 'similarity'

    def set_labels(self, labels: Labels, templates: Labels | None = None) -> None:
        """Exchanges the classes, and the templates unless None.

        Raises:
            ValueError: Bad labels or templates, or a head whose classes are fixed.
        """
        head = head_with_labels(self.model)
        head.set_labels(labels if isinstance(labels, str) else list(labels), templates)

    def __call__(self, videos: Video | Sequence[Video], labels: Labels | None = None):
        """:meth:`predict` for one video (gives one answer, raises VideoError) or several."""
        if not isinstance(videos, (str, Path)):
            return self.predict(videos, labels)
        answer = self.predict([videos], labels)[0]
        if answer.error is not None:
            raise VideoError(answer.error)
        return answer

    def predict(self, videos: Sequence[Video], labels: Labels | None = None) -> list[Prediction]:
        """Answers for several videos, in their order.

        Args:
            videos: Paths of video files.
            labels: Classes from this call on. None keeps the present ones.

        Returns:
            One :class:`Prediction` each. A video that cannot be read has ``error`` set and costs
            the others nothing.
        """
        if labels is not None:
            self.set_labels(labels)
        return list(self.stream(videos))

    def stream(self, videos: Sequence[Video]) -> Iterator[Prediction]:
        """As :meth:`predict`, each batch as soon as it is done."""
        for start in range(0, len(videos), self.batch_size):
            read = [self._try_to_read(str(v)) for v in videos[start : start + self.batch_size]]
            # the host pads clips of different shapes to one, which would change the answers
            for _, group in groupby(read, key=_shape):
                yield from self._answer(list(group))

    def _try_to_read(self, video: str) -> Prediction | tuple[str, dict]:
        try:
            return video, self.read(video)
        except VideoError as error:
            return Prediction(video, self.labels, error=str(error))

    @torch.no_grad()
    def _answer(self, read: list[Prediction | tuple[str, dict]]) -> list[Prediction]:
        """Videos of one shape through the model; failed ones (which have no shape) as they are."""
        videos = [item for item in read if not isinstance(item, Prediction)]
        if not videos:
            return [item for item in read if isinstance(item, Prediction)]
        samples = self.model.test_step(pseudo_collate([data for _, data in videos]))
        answers = []
        for (video, _), sample in zip(videos, samples, strict=True):
            scores = sample.pred_score.float().reshape(-1, len(self.labels))  # [V or 1, C]
            check_scores(scores, video)
            means = tuple(scores.mean(dim=0).tolist())
            answers.append(Prediction(video, self.labels, means, None, self.gives_probabilities))
        return answers


def _shape(item: Prediction | tuple[str, dict]) -> tuple[int, ...] | None:
    return None if isinstance(item, Prediction) else tuple(item[1]['inputs'].shape)


def _test_pipeline(config: Config, model: nn.Module) -> list[dict]:
    """``pipeline`` of the innermost test data set, or ``test_pipeline``, or the default one."""
    loader = config.get('test_dataloader') or ConfigDict()
    pipeline = innermost_config(loader).get('pipeline') or config.get('test_pipeline')
    if pipeline:
        return pipeline
    preprocess = getattr(model.backbone, 'preprocess', None)
    if preprocess is None:
        raise ValueError(
            f"The config '{config.filename}' has no test_dataloader: add one, since its backbone "
            'does not tell the size of its frames.'
        )
    return _pipeline_of(preprocess)


def _pipeline_of(preprocess: CLIPPreprocess, num_frames: int = 8, num_clips: int = 1) -> list[dict]:
    """The default pipeline with the resizing that an image tower was trained on."""
    return default_pipeline(
        preprocess.size, num_frames, num_clips, preprocess.interpolation, preprocess.resize_mode
    )
