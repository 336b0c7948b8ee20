"""Parameter groups for fine-tuning CLIP: faster new modules, no decay of scales and biases.

The released code decays everything (``decay_all=True``). CLIP was trained without decay of
parameters with fewer than 2 dimensions, which is the default here.
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
    """One group per learning rate and weight decay, with each parameter in exactly one.

    mmengine's constructor applies either a custom key or its rules for norms and biases, so biases
    of a faster module decay. Here both apply.

    Args:
        optim_wrapper_cfg: Config of the optimizer wrapper.
        paramwise_cfg: ``custom_keys`` maps parts of parameter names to ``dict(lr_mult=…)`` and
            ``dict(decay_mult=…)``; the longest matching part counts, as in mmengine. ``decay_all``
            decays biases, norms and ``logit_scale`` too. Defaults to False.

    Raises:
        ValueError: Unknown keys, or an optimizer without ``lr`` or ``weight_decay``.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        # mmengine skips empty ones
        cfg: dict[str, Any] = {'decay_all': False, **(paramwise_cfg or {})}
        _refuse_other_keys(cfg, _KEYS, 'paramwise_cfg')
        for key, options in cfg.get('custom_keys', {}).items():
            _refuse_other_keys(options, _CUSTOM_KEYS, f"paramwise_cfg.custom_keys['{key}']")
        super().__init__(optim_wrapper_cfg, cfg)
        for name, value in (('lr', self.base_lr), ('weight_decay', self.base_wd)):
            if value is None:
                raise ValueError(
                    f'optim_wrapper.optimizer needs {name}, which the groups multiply.'
                )

    def add_params(
        self,
        params: list[dict],
        module: nn.Module,
        prefix: str = '',
        is_dcn_module: int | float | None = None,
    ) -> None:
        """Add the groups of all trainable parameters to ``params``."""
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
                f'{len(members)} parameter tensors have lr={group["lr"]:.3g} and '
                f'weight_decay={group["weight_decay"]:.3g}.',
                'current',
            )

    def multiples(self, name: str, parameter: nn.Parameter) -> tuple[float, float]:
        """Multipliers of a parameter's learning rate and weight decay."""
        num_dims = getattr(parameter, 'whole_dim', parameter.dim())  # FSDP flattens shards
        decays = self.paramwise_cfg['decay_all'] or num_dims >= 2
        custom_keys = self.paramwise_cfg.get('custom_keys', {})
        fitting = [key for key in custom_keys if key in name]
        options = custom_keys[max(fitting, key=len)] if fitting else {}
        return options.get('lr_mult', 1.0), options.get('decay_mult', float(decays))


def _refuse_other_keys(cfg: dict, allowed: tuple[str, ...], place: str) -> None:
    unknown = sorted(set(cfg) - set(allowed))
    if unknown:
        raise ValueError(
            f'optim_wrapper.{place} has unknown keys {", ".join(unknown)}: '
            f'CLIPOptimWrapperConstructor supports {" and ".join(allowed)}.'
        )
