"""ST-Adapter: convolutions along time in the bottlenecks of a frozen tower (Pan et al., 2022).

Agrees with the public code, except that it does not change its input in place and takes the patch
grid from the tower.
"""

from collections.abc import Sequence
from functools import partial

from mmaction.registry import MODELS
from torch import Tensor, nn

from ...clip import VisionTransformer
from ...utils import check_choice, check_positive
from .base_tower_prompt import BaseTowerPrompt, zero_parameters

PLACES = ('attention', 'mlp')


class SpatioTemporalBottleneck(nn.Module):
    """Down, depthwise convolution over three frames, up: zero at the start, without activation.

    Args:
        width: D, the width of the tokens.
        hidden: Width of the bottleneck.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.conv = nn.Conv3d(hidden, hidden, (3, 1, 1), padding=(1, 0, 0), groups=hidden)
        self.fc2 = nn.Linear(hidden, width)
        zero_parameters(self.conv)
        for layer in (self.fc1, self.fc2):
            nn.init.zeros_(layer.bias)

    def forward(self, patches: Tensor) -> Tensor:
        """What is added to the patch tokens [B, T, hw, D]."""
        hidden = self.fc1(patches).permute(0, 3, 1, 2)  # [B, hidden, T, hw]
        hidden = self.conv(hidden.unsqueeze(-1)).squeeze(-1)  # [B, hidden, T, hw]
        return self.fc2(hidden.permute(0, 2, 3, 1))  # [B, T, hw, D]


@MODELS.register_module()
class STAdapter(BaseTowerPrompt):
    """Add a spatio-temporal bottleneck to the patch tokens of every block.

    Set ``frozen_stages='all'`` of the encoder: the adapters learn nevertheless. They start without
    effect, so that training starts at CLIP.

    Args:
        visual: The image tower, passed by the encoder.
        hidden: Width of the bottlenecks. Defaults to half of the tower's width.
        places: Before the block's ``'attention'`` (default), before its ``'mlp'``, or both (as the
            paper does for Something-Something).

    Raises:
        ValueError: A tower other than open_clip's ViT, or one with patch dropout; ``hidden`` that
            is not positive; no or unknown ``places``.
    """

    starts_as_clip = True

    def __init__(
        self,
        visual: nn.Module | None = None,
        hidden: int | None = None,
        places: Sequence[str] = ('attention',),
    ) -> None:
        if hidden is not None:
            check_positive(hidden, 'backbone.visual_prompt.hidden')
        places = (places,) if isinstance(places, str) else tuple(places)
        for place in places or (None,):
            check_choice(place, PLACES, 'backbone.visual_prompt.places')
        self.hidden, self.places = hidden, places
        super().__init__(visual)

    def attach(self, visual: VisionTransformer) -> None:
        self.refuse_patch_dropout(visual)
        width = visual.class_embedding.shape[0]
        blocks = visual.transformer.resblocks
        for place in self.places:
            adapters = [SpatioTemporalBottleneck(width, self.hidden or width // 2) for _ in blocks]
            self.add_module(f'before_{place}', nn.ModuleList(adapters))
        self._deltas: dict[int, Tensor] = {}
        for index, block in enumerate(blocks):
            if 'attention' in self.places:
                block.register_forward_pre_hook(partial(self._before_attention, index))
            if 'mlp' in self.places:
                block.ln_2.register_forward_pre_hook(partial(self._before_mlp, index))
                block.ls_2.register_forward_hook(partial(self._after_mlp, index))

    def _delta(self, place: str, index: int, tokens: Tensor) -> Tensor:
        """What is added to tokens [B·T, 1+hw, D]; nothing to the class token."""
        adapters = self.get_submodule(f'before_{place}')
        frames = tokens.unflatten(0, (-1, self.num_frames))  # [B, T, 1+hw, D]
        patches = adapters.get_submodule(str(index))(frames[:, :, 1:])  # [B, T, hw, D]
        return nn.functional.pad(patches, (0, 0, 1, 0)).flatten(0, 1)  # [B·T, 1+hw, D]

    def _before_attention(self, index: int, module: nn.Module, args: tuple) -> tuple:
        return (args[0] + self._delta('attention', index, args[0]), *args[1:])

    def _before_mlp(self, index: int, module: nn.Module, args: tuple) -> tuple:
        # the block adds its MLP to the tokens before this hook, so the rest follows after the MLP
        self._deltas[index] = self._delta('mlp', index, args[0])
        return (args[0] + self._deltas[index],)

    def _after_mlp(self, index: int, module: nn.Module, args: tuple, output: Tensor) -> Tensor:
        return output + self._deltas.pop(index)
