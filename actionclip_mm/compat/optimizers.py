"""mmaction2's optimizer constructor of TSM, TANet, TIN and TRN for models with a text tower."""

from collections.abc import Callable
from typing import Any

from mmengine.logging import print_log
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from .fixes import fix

_LAYERS = (_ConvNd, nn.Linear)
_NORMS = (_NormBase, nn.GroupNorm, nn.LayerNorm)


@fix()
def group_layers_of_text_towers() -> None:
    """``TSMOptimWrapperConstructor`` refuses layers that text towers have.

    It raises for ``nn.Embedding`` and skips parameters outside layers. Models for which it would
    raise get its rules for all parameters; others are left to it.
    """
    from mmaction.engine.optimizers import TSMOptimWrapperConstructor as Constructor

    Constructor.add_params = _with_text_towers(Constructor.add_params)


def _with_text_towers(theirs: Callable) -> Callable:
    def add_params(self: Any, params: list[dict], model: nn.Module, **kwargs: Any) -> None:
        if all(map(_is_known, model.modules())):
            theirs(self, params, model, **kwargs)
            return
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for parameter, multiples in learning_policies(
            model, bool(self.paramwise_cfg.get('fc_lr5'))
        ):
            groups.setdefault(multiples, []).append(parameter)
        for (lr_mult, decay_mult), members in groups.items():
            lr, decay = self.base_lr * lr_mult, (self.base_wd or 0) * decay_mult
            params.append(dict(params=members, lr=lr, weight_decay=decay))
            print_log(
                f'{len(members)} parameter tensors have lr={lr:.3g} and weight_decay={decay:.3g} '
                '(rules of TSM).',
                'current',
            )

    return add_params


def learning_policies(
    model: nn.Module, fc_lr5: bool
) -> list[tuple[nn.Parameter, tuple[float, float]]]:
    """Trainable parameters with their multipliers of learning rate and weight decay.

    The host's rules: biases of layers have twice the learning rate and no decay, norms no decay.
    With ``fc_lr5`` the new layer (the last of the head outside its text tower) has 5 times the
    learning rate, its bias 10 times. Parameters outside layers decay from 2 dimensions on.
    """
    newest = _newest_layer(model) if fc_lr5 else None
    policies: dict[nn.Parameter, tuple[float, float]] = {}
    for module in model.modules():
        factor = 5.0 if module is newest else 1.0
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad or parameter in policies:
                continue
            if isinstance(module, _LAYERS) and name == 'bias':
                policies[parameter] = (2 * factor, 0.0)
            else:
                num_dims = getattr(parameter, 'whole_dim', parameter.dim())  # FSDP flattens shards
                decays = num_dims >= 2 and not isinstance(module, _NORMS)
                policies[parameter] = (factor, float(decays))
    return list(policies.items())


def _newest_layer(model: nn.Module) -> nn.Module | None:
    head = getattr(getattr(model, 'module', model), 'cls_head', nn.Module())
    layers = [
        module
        for name, module in head.named_modules()
        if isinstance(module, _LAYERS) and not name.startswith('label_encoder')
    ]
    return layers[-1] if layers else None


def _is_known(module: nn.Module) -> bool:
    """Whether the host has a rule for a module; containers need none."""
    is_layer = not module._modules and any(True for _ in module.parameters())
    return not is_layer or isinstance(module, (*_LAYERS, _NormBase, nn.GroupNorm))
