"""Grad-CAM of mmaction2 (tools/host.py vis_cam) looks into CLIP's image tower."""

import functools
from collections.abc import Callable
from typing import Any

from ..compat import fix


@fix()
def read_clip_towers_in_grad_cam() -> None:
    """GradCAM expects [B, D, T, h, w]; towers give tokens [B·T, 1+h·w, D] or maps [B·T, D, h, w].

    It also starts from the score "before softmax", which for a head that compares with texts is
    the similarity: a probability near 1 has no gradient left.
    """
    from mmaction.utils import GradCAM

    GradCAM._register_hooks = _register_hooks(GradCAM._register_hooks)
    GradCAM._calculate_localization_map = _from_similarities(GradCAM._calculate_localization_map)


def _register_hooks(register: Callable) -> Callable:
    @functools.wraps(register)
    def _register_hooks(self: Any, layer_name: str) -> None:
        from ..models.backbones import CLIPImageEncoder

        if not isinstance(self.model.backbone, CLIPImageEncoder):
            register(self, layer_name)
            return

        def keep_activations(module: Any, args: Any, output: Any) -> None:
            self.target_activations = as_volume(output.detach(), *self.views_and_frames)

        def keep_gradients(module: Any, grad_input: Any, grad_output: Any) -> None:
            self.target_gradients = as_volume(grad_output[0].detach(), *self.views_and_frames)

        layer = self.model.get_submodule(layer_name.replace('/', '.'))
        layer.register_forward_hook(keep_activations)
        layer.register_full_backward_hook(keep_gradients)

    return _register_hooks


def as_volume(features: Any, views: int, frames: int) -> Any:
    """What a layer of an image tower gives for B views of T frames as [B, D, T, h, w].

    Args:
        features: Maps [B·T, D, h, w]; tokens [B·T, 1+h·w, D], or [B, 1+T·h·w, D] with JointPrompt.
        views: B.
        frames: T.

    Raises:
        ValueError: Another shape; h and w of tokens are taken to be equal.
    """
    if features.dim() == 4:
        return features.unflatten(0, (views, frames)).transpose(1, 2).contiguous()
    side = 0
    if features.dim() == 3:
        patches = (features.shape[1] - 1) * features.shape[0] / (views * frames)
        side = round(patches**0.5)
    if side < 1 or side**2 != patches:
        raise ValueError(
            f'--target-layer-name: that layer gives features of shape {tuple(features.shape)} for '
            f'{views} x {frames} frames: name a block of the tower that keeps its patches.'
        )
    tokens = features[:, 1:].reshape(views, frames, side, side, -1)  # [B, T, h, w, D]
    return tokens.permute(0, 4, 1, 2, 3).contiguous()


def _from_similarities(calculate: Callable) -> Callable:
    @functools.wraps(calculate)
    def _calculate_localization_map(self: Any, data: dict, *args: Any, **kwargs: Any) -> tuple:
        from ..models.heads.score_pooling import ScorePooling

        video = data['inputs'][0]  # [V, 3, T, H, W], or [T, 3, H, W] of a 2D recognizer
        self.views_and_frames = len(data['inputs']) * len(video), video.shape[-3]
        head = self.model.cls_head
        pooling = getattr(head, 'pool_scores', None)
        if isinstance(pooling, ScorePooling):
            head.pool_scores = ScorePooling('score', 'score', 'similarity')
        try:
            return calculate(self, data, *args, **kwargs)
        finally:
            if pooling is not None:
                head.pool_scores = pooling

    return _calculate_localization_map
