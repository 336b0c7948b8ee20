"""Pool similarities of views and templates to one score per class."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ...utils import check_choice

VIEWS, TEMPLATES = 1, 2  # axes of [N, V, P, C]

ENSEMBLES = ('prob', 'embed', 'score')

# Activations of similarities [N, V, P, C]. Only 'softmax' couples the classes of a video, which
# re-orders the videos of a class and so changes a ranking of them.
_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    'softmax': lambda logits: logits.softmax(dim=-1),
    'similarity': lambda logits: logits,
    'sigmoid': lambda logits: logits.sigmoid(),
}

# Pooling of the views' scores [N, V, C].
_OVER_VIEWS: dict[str | None, Callable[[Tensor], Tensor]] = {
    'prob': lambda probs: probs.mean(dim=VIEWS),  # [N, C]
    'score': lambda probs: probs.squeeze(VIEWS),  # averaged as similarities before: [N, C]
    'max': lambda probs: probs.amax(dim=VIEWS),  # [N, C]
    None: lambda probs: probs,  # [N, V, C]
}


class ScorePooling:
    """Pool similarities [N, V, P, C] to one score per class [N, C].

    ``'score'`` averages before the softmax over classes (the paper's mean of similarities, section
    4.1), ``'prob'`` after it (the released code's mean of probabilities over templates). They are
    the same with ``scores='similarity'``, which has no softmax.

    Args:
        average_clips: ``'prob'``, ``'score'``, ``'max'`` over views, or None to keep them.
        ensemble: ``'prob'`` or ``'score'`` over templates; for ``'embed'`` text features are
            averaged before, see :func:`average_texts`.
        scores: ``'softmax'`` (probabilities that sum to 1, default), ``'similarity'`` (no
            activation), ``'sigmoid'`` (a probability per class).

    Raises:
        ValueError: An unknown name.
    """

    def __init__(self, average_clips: str | None, ensemble: str, scores: str = 'softmax') -> None:
        for key, value, allowed in (
            ('average_clips', average_clips, tuple(_OVER_VIEWS)),
            ('ensemble', ensemble, ENSEMBLES),
            ('scores', scores, tuple(_ACTIVATIONS)),
        ):
            check_choice(value, allowed, f'cls_head.{key}')
        ways = ((VIEWS, average_clips), (TEMPLATES, ensemble))
        self.before_activation = [axis for axis, way in ways if way == 'score']
        self.scores, self.average_clips = scores, average_clips

    def __call__(self, logits: Tensor) -> Tensor:
        for axis in self.before_activation:
            logits = logits.mean(dim=axis, keepdim=True)
        scores = _ACTIVATIONS[self.scores](logits).mean(dim=TEMPLATES)  # [N, V, C]
        return _OVER_VIEWS[self.average_clips](scores)


def average_texts(text: Tensor, num_sentences: Tensor) -> Tensor:
    """The ``'embed'`` ensemble: one direction per class (CLIP's own zero-shot recipe).

    Args:
        text: Features of length 1, [P, C, D].
        num_sentences: Number of sentences of each class [C]; the other rows repeat them.

    Returns:
        The normalised mean of the sentences of each class, [1, C, D].
    """
    rows = torch.arange(len(text), device=text.device)[:, None]  # [P, 1]
    own = (rows < num_sentences).to(text.dtype)  # [P, C]
    with torch.autocast(text.device.type, enabled=False):
        return F.normalize(torch.einsum('pc,pcd->cd', own, text), dim=-1).unsqueeze(0)  # [1, C, D]
