"""The figure as one recognizer: image tower, visual prompt, video-text head. Wiring only."""

from mmaction.models import Recognizer3D
from mmaction.registry import MODELS
from mmengine.logging import print_log

from ..utils.checks import head_with_labels


@MODELS.register_module()
class CLIPRecognizer(Recognizer3D):
    """mmaction2's 3D recognizer (views folded into the batch, then backbone, neck and head).

    It adds two things to the host's: pixel mean and std come from the backbone unless the config
    gives them, and the classes of a trained model can be exchanged.

    Args:
        backbone: Config of the image tower.
        cls_head: Config of the head.
        neck: Config of the post-network visual prompt.
        train_cfg: As in mmaction2.
        test_cfg: As in mmaction2 (``max_testing_views``).
        data_preprocessor: Config of the preprocessor; ``mean``, ``std`` and ``format_shape``
            default to the backbone's and ``'NCTHW'``.
    """

    def __init__(
        self,
        backbone: dict,
        cls_head: dict | None = None,
        neck: dict | None = None,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
    ) -> None:
        super().__init__(backbone, cls_head, neck, train_cfg, test_cfg)
        cfg = dict(type='ActionDataPreprocessor', format_shape='NCTHW')
        cfg.update(data_preprocessor or {})
        preprocess = getattr(self.backbone, 'preprocess', None)
        if 'mean' not in cfg and preprocess is not None:
            cfg.update(mean=preprocess.mean, std=preprocess.std)
            print_log(f'Pixel mean and std are those of {self.backbone.arch}.', 'current')
        self.data_preprocessor = MODELS.build(cfg)

    def set_labels(self, labels: str | list[str], templates: str | list[str] | None = None) -> None:
        """Exchanges the classes; scores have the new length from then on.

        Args:
            labels: Class names, or the path of a label file.
            templates: Preset, list or file of templates; None keeps the present ones.

        Raises:
            ValueError: Bad labels or templates, or a head whose classes are fixed.
        """
        head_with_labels(self).set_labels(labels, templates)
