"""Parameter groups for fine-tuning CLIP: new modules learn faster, scales and biases do not decay.

The released code lets everything decay (``decay_all=True``); CLIP itself was trained without decay
on parameters of fewer than two dimensions, which is the default here.
"""

from typing import Any

from mmaction.registry import OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.logging import print_log
from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

_KEYS = ('custom_keys', 'decay_all')
_CUSTOM_KEYS = ('lr_mult', 'decay_mult')


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class CLIPOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """One group per learning rate and weight decay, each parameter in exactly one.

    mmengine's own constructor applies either a custom key or its rules for norms and biases to a
    parameter, so biases of a faster module would decay; here both apply.

    Args:
        optim_wrapper_cfg: Config of the optimizer wrapper.
        paramwise_cfg: ``custom_keys`` maps parts of parameter names to ``dict(lr_mult=…)`` and
            ``dict(decay_mult=…)``, the longest that fits a name counts, as in mmengine.
            ``decay_all`` lets biases, norms and ``logit_scale`` decay as well; False by default.

    Raises:
        ValueError: Another key, or an optimizer without ``lr`` or ``weight_decay``.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        # never empty, since mmengine skips empty ones
        cfg: dict[str, Any] = {'decay_all': False, **(paramwise_cfg or {})}
        _refuse_other_keys(cfg, _KEYS, 'paramwise_cfg')
        for key, options in cfg.get('custom_keys', {}).items():
            _refuse_other_keys(options, _CUSTOM_KEYS, f"paramwise_cfg.custom_keys['{key}']")
        super().__init__(optim_wrapper_cfg, cfg)
        for name, value in (('lr', self.base_lr), ('weight_decay', self.base_wd)):
            if value is None:
                raise ValueError(
                    f'optim_wrapper.optimizer has no {name}: set it, groups are multiples of it.'
                )

    def add_params(
        self,
        params: list[dict],
        module: nn.Module,
        prefix: str = '',
        is_dcn_module: int | float | None = None,
    ) -> None:
        """Adds the groups of all trainable parameters to ``params``."""
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for name, parameter in module.named_parameters(prefix):
            if parameter.requires_grad:
                groups.setdefault(self.multiples(name, parameter), []).append(parameter)
        for (lr_mult, decay_mult), members in groups.items():
            group = dict(
                params=members,
                lr=self.base_lr * lr_mult,
                weight_decay=self.base_wd * decay_mult,
            )
            params.append(group)
            print_log(
                f'{len(members)} parameter tensors learn with lr={group["lr"]:.3g} and '
                f'weight_decay={group["weight_decay"]:.3g}.',
                'current',
            )

    def multiples(self, name: str, parameter: nn.Parameter) -> tuple[float, float]:
        """Factors on the learning rate and on the weight decay of one parameter."""
        num_dims = getattr(parameter, 'whole_dim', parameter.dim())  # FSDP leaves parts of one
        decays = self.paramwise_cfg['decay_all'] or num_dims >= 2
        custom_keys = self.paramwise_cfg.get('custom_keys', {})
        fitting = [key for key in custom_keys if key in name]
        options = custom_keys[max(fitting, key=len)] if fitting else {}
        return options.get('lr_mult', 1.0), options.get('decay_mult', float(decays))


def _refuse_other_keys(cfg: dict, allowed: tuple[str, ...], place: str) -> None:
    unknown = sorted(set(cfg) - set(allowed))
    if unknown:
        raise ValueError(
            f'optim_wrapper.{place} has {", ".join(unknown)}: CLIPOptimWrapperConstructor knows '
            f'{" and ".join(allowed)} only.'
        )
