"""Video-text matching: scale x cosine between a video and label texts (eq. 1-3).

Agrees with the released code at test time: similarities are multiplied by a fixed 100, not by the
learned scale, unless ``test_scale=None``. SigLIP's logit bias is omitted: it is the same for every
text and video, so it cancels in every softmax.
"""

import math
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from mmaction.models import BaseHead
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...utils.weight_values import check_scores
from ..load_hooks import before_loading
from ..losses import BaseVideoTextLoss
from ..matchers import build_matcher
from .feature_pooling import Feats, frames_of, pool_features
from .score_pooling import ScorePooling, average_texts

if TYPE_CHECKING:
    from ..text.text_bank import TextBank

MAX_LOGIT_SCALE = math.log(100)  # CLIP's clamp
_BLENDING = 'set data_preprocessor.blending=None, since no sentence describes mixed videos'


@MODELS.register_module()
class VideoTextHead(BaseHead):
    """Compare video features with the text features of the classes.

    Works in :class:`CLIPRecognizer` and in mmaction2's own recognizers: feature maps are pooled,
    and projected if their width differs from the text width.

    Args:
        in_channels: Width of the input features.
        label_encoder: Config of the label encoder.
        loss_cls: Config of the loss: ``VideoTextKLLoss`` (texts of the batch, default),
            ``VideoAllTextKLLoss`` or ``VideoTextBCELoss`` (texts of all classes).
        average_clips: How views become one score: ``'prob'`` (mean of probabilities, default),
            ``'score'`` (mean of similarities), ``'max'``, or None (keep the views).
        ensemble: How templates become one score: ``'prob'`` (mean of probabilities as in the
            released code, default), ``'score'`` (mean of similarities), ``'embed'`` (mean of text
            features).
        num_classes: Checked against the number of labels, if given. Defaults to None.
        multi_class: Whether ``gt_label`` is a multi-hot vector. Defaults to False.
        scores: What the pooled scores are: ``'softmax'`` (probabilities that sum to 1),
            ``'similarity'`` (scale x cosine, by which videos can be ranked), ``'sigmoid'`` (a
            probability per class, with the margin of ``VideoTextBCELoss`` and the learned scale).
            Defaults to None: ``'similarity'`` for ``multi_class``, else ``'softmax'``.
        test_scale: Factor on the cosine at test time, None for the learned one. Defaults to 100.
        learnable_scale: Whether the factor in training is learned. Defaults to True.
        matcher: Config of what is compared: ``CosineMatcher`` (one feature per video, default), or
            one of frames (``SequenceMatcher``, ``OptimalTransportMatcher``, ``ConceptMatcher``),
            for testing a model without a neck.
        topk: Accepted for mmaction2's configs, without effect: losses over texts have no class
            scores in training, so no training accuracy is logged.

    Raises:
        ValueError: ``num_classes`` is not the number of labels; unknown ``average_clips``,
            ``ensemble`` or ``scores``; a loss of another kind; ``'sigmoid'`` without
            ``VideoTextBCELoss`` and ``test_scale=None``; a ``matcher`` that is not one; data with
            labels that are out of range, or missing if the loss needs them.
    """

    def __init__(
        self,
        in_channels: int,
        label_encoder: dict,
        loss_cls: dict | None = None,
        average_clips: str | None = 'prob',
        ensemble: str = 'prob',
        num_classes: int | None = None,
        multi_class: bool = False,
        scores: str | None = None,
        test_scale: float | None = 100.0,
        learnable_scale: bool = True,
        topk: int | tuple[int, ...] = (1, 5),
        matcher: dict | None = None,
    ) -> None:
        encoder = MODELS.build(label_encoder)
        if num_classes not in (None, len(encoder.labels)):
            raise ValueError(
                f'cls_head.num_classes must be {len(encoder.labels)}, the number of labels, or '
                f'omitted, got {num_classes}.'
            )
        super().__init__(
            num_classes=len(encoder.labels),
            in_channels=in_channels,
            loss_cls=loss_cls or dict(type='VideoTextKLLoss'),
            multi_class=multi_class,
            topk=topk,
            average_clips=average_clips,
        )
        self.scores = scores or ('similarity' if multi_class else 'softmax')
        self.pool_scores = ScorePooling(average_clips, ensemble, self.scores)
        self.has_margin = self.scores == 'sigmoid'
        self._check_loss(test_scale)
        self.averages_texts = ensemble == 'embed'
        self.matcher = build_matcher(matcher, self.averages_texts)
        self.label_encoder = encoder
        self._has_checked_labels = False  # of the next batch
        self.test_scale = test_scale
        self.logit_scale = nn.Parameter(
            torch.tensor(encoder.init_logit_scale), requires_grad=learnable_scale
        )
        # a larger scale of weights is kept (SigLIP's; the released trainer has no limit)
        self.max_logit_scale = max(MAX_LOGIT_SCALE, encoder.init_logit_scale)
        before_loading(self, _keep_larger_scale)
        self.projection: nn.Module = nn.Identity()
        if in_channels != encoder.out_channels:
            self.projection = nn.Linear(in_channels, encoder.out_channels)

    def set_labels(self, labels: str | list[str], templates: str | list[str] | None = None) -> None:
        """Replace the classes, and the templates unless None."""
        self.label_encoder.set_labels(labels, templates)
        self.num_classes = len(self.label_encoder.labels)

    def embed(self, feats: Feats, num_segs: int | None = None) -> Tensor:
        """Backbone features of any shape to video features [B, D]."""
        return self.projection(pool_features(feats, num_segs, self.in_channels))

    def to_match(self, feats: Feats, num_segs: int | None = None) -> Tensor:
        """What the matcher compares: video features [B, D], or frame features [B, T, D]."""
        if self.matcher.takes_frames:
            return self.projection(frames_of(feats, num_segs, self.in_channels))
        return self.embed(feats, num_segs)

    def forward(self, feats: Feats, num_segs: int | None = None, **kwargs) -> Tensor:
        """Similarities of each view to each class under each template.

        Args:
            feats: Features of B views, see :func:`pool_features`.
            num_segs: T of a 2D backbone.

        Returns:
            Scale x cosine [B, P, C], fp32; P is 1 for the ``'embed'`` ensemble.
        """
        encoder, counts = self.label_encoder, self.label_encoder.num_sentences
        video = self.to_match(feats, num_segs)  # [B, D], or [B, T, D]
        if torch.is_grad_enabled() or not encoder.bank_options.normalized:
            return self.compare(video, encoder(), counts)
        return self.compare_directions(video, encoder.directions(self.averages_texts), counts)

    def compare(self, video: Tensor, text: Tensor, num_sentences: Tensor) -> Tensor:
        """Similarities of video features to text features, of any classes.

        Args:
            video: Video features [B, D].
            text: Text features [P, C, D]; neither has to be normalised.
            num_sentences: Sentences of each class [C], for the ``'embed'`` ensemble.

        Returns:
            Scale x cosine [B, P, C], fp32; P is 1 for the ``'embed'`` ensemble.
        """
        text = F.normalize(text.float(), dim=-1)  # [P, C, D]
        if self.averages_texts:
            text = average_texts(text, num_sentences)  # [1, C, D]
        return self.compare_directions(video, text, num_sentences)

    def compare_bank(self, video: Tensor, bank: 'TextBank') -> Tensor:
        """Similarities [B, P, C] of video features [B, D] to a bank, which keeps its directions."""
        directions = bank.mean_directions if self.averages_texts else bank.directions
        return self.compare_directions(video, directions, bank.num_sentences)

    def compare_directions(
        self, video: Tensor, directions: Tensor, num_sentences: Tensor | None = None
    ) -> Tensor:
        """Similarities [B, P, C] of video features [B, D] to texts [P, C, D] of length 1.

        A matcher of frames takes frame features [B, T, D] and gives [B, 1, C].
        """
        scale = self.logit_scale.exp() if self.test_scale is None else self.test_scale
        # half precision would round cosines times 100 to a few steps
        with torch.autocast(video.device.type, enabled=False):
            video = F.normalize(video.float(), dim=-1)  # [B, D]
            return scale * self.matcher(video, directions, num_sentences)  # [B, P, C]

    def loss(
        self, feats: Feats, data_samples: list, num_segs: int | None = None, **kwargs
    ) -> dict[str, Tensor]:
        """Contrastive loss between the videos of a batch and the texts that the loss draws."""
        if self.matcher.takes_frames:
            raise ValueError(
                f'{type(self.matcher).__name__} needs no training: train with the default '
                'cls_head.matcher and test with this one.'
            )
        with torch.no_grad():
            self.logit_scale.clamp_(max=self.max_logit_scale)
        video = self.embed(feats, num_segs)  # [B, D]
        tokens, video_labels, text_labels = self.training_texts(data_samples)
        text = self.label_encoder.encode_tokens(tokens)  # [B, D], or [C, D] of all classes
        scale = self.logit_scale.exp()
        loss = self.loss_cls(video, text, scale, video_labels, text_labels)
        return dict(loss_cls=loss, logit_scale=scale.detach())

    def training_texts(self, data_samples: list) -> tuple[Tensor, Tensor, Tensor]:
        """Draw the texts that the loss needs.

        Returns:
            Token ids [B, L], labels of the videos and labels of the texts: class ids [B], or for
            ``multi_class`` multi-hot [B, C] with one class per text. A loss over all classes has C
            texts.
        """
        labels = torch.stack([sample.gt_label for sample in data_samples])
        if not self._has_checked_labels:
            self._check_labels(labels)
        self._has_checked_labels = False
        labels = labels.to(self.label_encoder.tokens.device)
        if not self.multi_class:
            labels = labels.flatten()  # [B]
        self.loss_cls.check_classes(self.num_classes)  # set_labels may have changed them
        classes = self.loss_cls.draw_classes(labels, self.num_classes)
        text_labels = F.one_hot(classes, self.num_classes) if self.multi_class else classes
        return self.label_encoder.draw_tokens(classes), labels, text_labels

    def check_samples(self, data_samples: list) -> None:
        """Check the labels of the next batch while they are on the host.

        :meth:`loss` does it otherwise, and then a GPU has to finish all its work first.

        Raises:
            ValueError: Labels that do not belong to the classes.
        """
        self._check_labels(torch.stack([sample.gt_label for sample in data_samples]))
        self._has_checked_labels = True

    def predict_by_feat(self, cls_scores: Tensor, data_samples: list) -> list:
        """Pool views and templates of [N·V, P, C] and write scores and labels into samples.

        ``pred_label`` is the class with the best score, for multi-label videos too: similarities
        have no threshold.
        """
        logits = cls_scores.unflatten(0, (len(data_samples), -1))  # [N, V, P, C]
        scores = self.pool(logits)
        labels = scores.argmax(dim=-1, keepdim=True)
        for sample, score, label in zip(data_samples, scores, labels, strict=True):
            check_scores(score, getattr(sample, 'filename', 'a video'))
            sample.set_pred_score(score)
            sample.set_pred_label(label)
        return data_samples

    def pool(self, logits: Tensor, temperature: float = 1.0) -> Tensor:
        """Scores [N, C] (or [N, V, C] if views are kept) of similarities [N, V, P, C]."""
        if self.has_margin:
            logits = self.loss_cls.logits(logits, self.logit_scale.exp())
        return self.pool_scores(logits if temperature == 1 else logits / temperature)

    def _check_loss(self, test_scale: float | None) -> None:
        if not isinstance(self.loss_cls, BaseVideoTextLoss):
            raise ValueError(
                'cls_head.loss_cls must be VideoTextKLLoss, VideoAllTextKLLoss or '
                f'VideoTextBCELoss, got {type(self.loss_cls).__name__}.'
            )
        self.loss_cls.check_classes(self.num_classes)
        if self.has_margin and not (self.loss_cls.has_margin and test_scale is None):
            raise ValueError(
                "cls_head.scores='sigmoid' needs VideoTextBCELoss and test_scale=None, got "
                f'{type(self.loss_cls).__name__} and test_scale={test_scale}: set these, or '
                "scores='similarity'."
            )

    def _check_labels(self, labels: Tensor) -> None:
        if self.multi_class:
            self._check_label_sets(labels)
            return
        _check_single(labels)
        if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < self.num_classes:
            wrong = labels[(labels < 0) | (labels >= self.num_classes)][0]
            raise ValueError(
                f'Labels of the annotation file must be in [0, {self.num_classes - 1}], got '
                f'{int(wrong)}: use the label list that belongs to the file.'
            )

    def _check_label_sets(self, labels: Tensor) -> None:
        if bool(((labels != 0) & (labels != 1)).any()):
            raise ValueError(
                f'Multi-label targets must be 0 or 1, got values in between: {_BLENDING}.'
            )
        if labels.shape[-1] != self.num_classes:
            raise ValueError(
                f'Multi-label targets must have the shape [B, {self.num_classes}], got '
                f'{tuple(labels.shape)}.'
            )
        if self.loss_cls.needs_labels and not bool((labels > 0).any(dim=1).all()):
            raise ValueError(
                f'{type(self.loss_cls).__name__} needs a label for every video, got one without: '
                'remove it from the annotation file, or set VideoAllTextKLLoss or VideoTextBCELoss.'
            )


def _check_single(labels: Tensor) -> None:
    if labels.dim() > 1 and labels.shape[1] != 1:
        raise ValueError(
            f'Labels must have one class per video, got vectors of shape {tuple(labels.shape)}: '
            f'set cls_head.multi_class=True if videos have several classes, or {_BLENDING}.'
        )


def _keep_larger_scale(
    head: VideoTextHead, state_dict: dict[str, Tensor], prefix: str, *_: object
) -> None:
    """Raise the clamp to the scale of a checkpoint, which it would change otherwise."""
    scale = state_dict.get(f'{prefix}logit_scale')
    if scale is not None and scale.numel() == 1:
        head.max_logit_scale = max(head.max_logit_scale, float(scale))


def head_with_labels(model: nn.Module) -> Any:
    """The head of a recognizer whose classes can be replaced.

    Raises:
        ValueError: No head, or one with fixed classes, such as mmaction2's.
    """
    head = getattr(model, 'cls_head', None)
    if not hasattr(head, 'set_labels'):
        raise ValueError(
            f'The classes of {type(model if head is None else head).__name__} are fixed: omit '
            'labels and templates, or use a model with VideoTextHead.'
        )
    return head
