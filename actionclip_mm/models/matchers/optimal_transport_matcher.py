"""Match frames and descriptions as sets, by optimal transport (OST, Chen et al., CVPR 2024).

Agrees with the public code for ``stop='released'``, which lets a video's score depend on the others
of its batch; the default does not.
"""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor

from ...utils import check_choice, check_positive
from .base_matcher import BaseMatcher
from .transport import transport


@MODELS.register_module()
class OptimalTransportMatcher(BaseMatcher):
    """Half the sum of a transport similarity and a mean similarity, for each set of descriptions.

    The descriptions of each class (``templates`` of the label encoder) are a set of spatial ones,
    then a set of temporal ones, of the same size in all classes.

    Args:
        epsilon: Entropy weight of the transport. Defaults to 0.1.
        iterations: Of Sinkhorn. Defaults to 100.
        stop: None (default), or ``'released'`` for the stopping rule of the public code.
        num_sets: Sets that a class's sentences fall into, equally large. Defaults to 2.

    Raises:
        ValueError: Values out of range; classes whose sentences cannot be split into the sets.
    """

    def __init__(
        self,
        epsilon: float = 0.1,
        iterations: int = 100,
        stop: str | None = None,
        num_sets: int = 2,
    ) -> None:
        super().__init__()
        if not epsilon > 0:
            raise ValueError(f'cls_head.matcher.epsilon must be positive, got {epsilon}.')
        check_positive(iterations, 'cls_head.matcher.iterations')
        check_positive(num_sets, 'cls_head.matcher.num_sets')
        check_choice(stop, (None, 'released'), 'cls_head.matcher.stop')
        self.epsilon, self.iterations, self.stop = epsilon, iterations, stop
        self.num_sets = num_sets

    def pairs(self, video: Tensor, text: Tensor, num_sentences: Tensor) -> Tensor:
        size = text.shape[1]
        if size % self.num_sets or bool((num_sentences != size).any()):
            raise ValueError(
                f'OptimalTransportMatcher needs {self.num_sets} sets of the same number of '
                f'sentences for every class, got classes of {int(num_sentences.min())} to '
                f'{int(num_sentences.max())} sentences: set cls_head.matcher.num_sets or correct '
                'the descriptions.'
            )
        mean = video.mean(dim=1)  # [B, D], not normalised again
        scores = [
            transport(
                torch.einsum('btd,smd->bstm', video, part),
                self.epsilon,
                self.iterations,
                self.stop == 'released',
            )
            + mean @ part.mean(dim=1).t()
            for part in text.chunk(self.num_sets, dim=1)
        ]
        return torch.stack(scores).mean(dim=0)  # [B, S]


@MODELS.register_module()
class ConceptMatcher(BaseMatcher):
    """Weigh frames by the sentences of a class before the mean (concept spotting, BIKE, CVPR 2023).

    Frames that match the sentences weigh more: ``softmax over frames of cosine / temperature``,
    averaged over sentences. The weighted mean is compared with the mean of the sentences.

    The original takes the words of a sentence instead of several sentences.

    Args:
        temperature: Of the softmax over frames. Defaults to 0.01.

    Raises:
        ValueError: ``temperature`` is not positive.
    """

    def __init__(self, temperature: float = 0.01) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f'cls_head.matcher.temperature must be positive, got {temperature}.')
        self.temperature = temperature

    def pairs(self, video: Tensor, text: Tensor, num_sentences: Tensor) -> Tensor:
        own = torch.arange(text.shape[1], device=text.device) < num_sentences[:, None]  # [S, M]
        own = own.to(text) / num_sentences[:, None]  # [S, M], mean over the sentences of a class
        cosines = torch.einsum('btd,smd->bsmt', video, text)
        weights = (cosines / self.temperature).softmax(dim=-1)  # [B, S, M, T]
        weights = torch.einsum('bsmt,sm->bst', weights, own)
        sentence = F.normalize(torch.einsum('smd,sm->sd', text, own), dim=-1)  # [S, D]
        similarity = torch.einsum('btd,sd->bst', video, sentence)
        return (weights * similarity).sum(dim=-1)  # [B, S]
