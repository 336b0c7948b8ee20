"""ActionCLIP as a recognizer: image tower, visual prompt, video-text head. Wiring only."""

from mmaction.models import FeatureHead, Recognizer3D
from mmaction.registry import MODELS
from mmengine.logging import print_log
from torch import Tensor, nn

from ...clip.recompute import in_micro_batches, refuse_batch_norm
from ...utils import check_positive
from ..backbones.base_tower_prompt import is_config_of
from ..building import share_clip, with_width
from ..heads.video_text_head import head_with_labels
from ..necks.base_visual_prompt import BaseVisualPrompt


@MODELS.register_module()
class CLIPRecognizer(Recognizer3D):
    """mmaction2's 3D recognizer (views folded into the batch, then backbone, neck and head).

    It adds to the host's: one CLIP for image and label encoder, built once; widths of neck and head
    from the backbone unless set; pixel mean and std from the backbone unless set; default heads of
    the neck from the text width; replaceable classes; and batches encoded in pieces under the loss
    of the whole batch.

    Args:
        backbone: Config of the image tower.
        cls_head: Config of the head.
        neck: Config of the post-network visual prompt.
        train_cfg: As in mmaction2.
        test_cfg: As in mmaction2 (``max_testing_views``).
        data_preprocessor: Config of the preprocessor; ``mean``, ``std`` and ``format_shape``
            default to the backbone's and ``'NCTHW'``.
        micro_batch_size: Videos whose activations are kept at once in training, None for all
            (default); see :func:`in_micro_batches`.

    Raises:
        ValueError: ``micro_batch_size`` that is not positive, with trainable BatchNorm, or (at run
            time) with a neck that has losses; ``in_channels`` that is unknown.
    """

    def __init__(
        self,
        backbone: dict,
        cls_head: dict | None = None,
        neck: dict | None = None,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
        micro_batch_size: int | None = None,
    ) -> None:
        backbone, cls_head = share_clip(backbone, cls_head)
        super().__init__(backbone, None, None, train_cfg, test_cfg)
        if neck is not None:
            if is_config_of(neck, BaseVisualPrompt):
                neck = with_width(neck, 'neck', self.backbone)
            self.neck = MODELS.build(neck)
        if cls_head is not None:
            last = self.neck if neck is not None else self.backbone
            if not is_config_of(cls_head, FeatureHead):  # which takes features of any width
                cls_head = with_width(cls_head, 'cls_head', last)
            self.cls_head = MODELS.build(cls_head)
        self.micro_batch_size = micro_batch_size
        if micro_batch_size is not None:
            check_positive(micro_batch_size, 'model.micro_batch_size')
            refuse_batch_norm(self, 'model.micro_batch_size')
        cfg = dict(type='ActionDataPreprocessor', format_shape='NCTHW')
        cfg.update(data_preprocessor or {})
        preprocess = getattr(self.backbone, 'preprocess', None)
        if 'mean' not in cfg and preprocess is not None:
            cfg.update(mean=preprocess.mean, std=preprocess.std)
            print_log(f'Pixel mean and std are those of {self.backbone.arch}.', 'current')
        self.data_preprocessor = MODELS.build(cfg)
        self.data_preprocessor._non_blocking = True  # noqa: SLF001  the host has no argument for it
        self.data_preprocessor.register_forward_pre_hook(self._check_labels, with_kwargs=True)
        encoder = getattr(getattr(self, 'cls_head', None), 'label_encoder', None)
        text_width = getattr(getattr(encoder, 'text', None), 'width', None)  # of open_clip's towers
        if text_width is not None and isinstance(getattr(self, 'neck', None), BaseVisualPrompt):
            self.neck.set_text_width(text_width)

    def set_labels(self, labels: str | list[str], templates: str | list[str] | None = None) -> None:
        """Replace the classes.

        Args:
            labels: Class names, or the path of a label file.
            templates: Preset, list or file of templates; None keeps the current ones.

        Raises:
            ValueError: Bad labels or templates, or a head with fixed classes.
        """
        head_with_labels(self).set_labels(labels, templates)

    def loss(self, inputs: Tensor, data_samples: list, **kwargs) -> dict:
        """Losses of a batch.

        Args:
            inputs: Normalised videos [N, V, 3, T, H, W].
            data_samples: N samples with ``gt_label``.

        Returns:
            What the head gives.
        """
        if self.micro_batch_size is None:
            return super().loss(inputs, data_samples, **kwargs)
        feats = in_micro_batches(self._encode, self.micro_batch_size, inputs, data_samples)
        return self.cls_head.loss(feats, data_samples)

    def _check_labels(self, preprocessor: nn.Module, args: tuple, kwargs: dict) -> None:
        """Check the labels of a training batch before they move to a GPU."""
        data, training = (*args, *kwargs.values(), False)[:2]
        samples = data.get('data_samples') if isinstance(data, dict) else None
        check = getattr(getattr(self, 'cls_head', None), 'check_samples', None)
        # blending changes labels after this
        if training and samples and check and getattr(preprocessor, 'blending', None) is None:
            check(samples)

    def _encode(self, inputs: Tensor, data_samples: list) -> Tensor | tuple[Tensor, ...]:
        feats, kwargs = self.extract_feat(inputs, data_samples=data_samples)
        if kwargs['loss_aux']:
            raise ValueError(
                f'model.micro_batch_size must be None with {type(self.neck).__name__}, which '
                'has losses of its own.'
            )
        return feats
