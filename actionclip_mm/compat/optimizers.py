"""mmaction2's optimizer constructor of TSM, TANet, TIN and TRN on models with a text tower."""

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
    """``TSMOptimWrapperConstructor`` refuses layers that it does not know; text towers have some.

    It raises at ``nn.Embedding`` and passes over parameters that stand between layers. Where it
    would raise, its own rules are applied to all parameters; elsewhere it is left alone.
    """
    from mmaction.engine.optimizers import TSMOptimWrapperConstructor as Constructor

    Constructor.add_params = _with_other_layers(Constructor.add_params)


def _with_other_layers(theirs: Callable) -> Callable:
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
                f'{len(members)} parameter tensors learn with lr={lr:.3g} and '
                f'weight_decay={decay:.3g} (rules of TSM).',
                'current',
            )

    return add_params


def learning_policies(
    model: nn.Module, fc_lr5: bool
) -> list[tuple[nn.Parameter, tuple[float, float]]]:
    """Each parameter that learns, once, with its factors on the learning rate and the decay.

    The rules are the host's: biases of layers learn twice as fast and do not decay, norms do not
    decay, and with ``fc_lr5`` the layer that is new learns 5 times (its bias 10 times) as fast:
    the last of the head, not of its text tower. Parameters outside of layers decay if they have
    two dimensions or more.
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
                num_dims = getattr(parameter, 'whole_dim', parameter.dim())  # FSDP leaves parts
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
    """Whether the host has a rule for a module, or it is no layer or has no parameters."""
    is_layer = not module._modules and any(True for _ in module.parameters())
    return not is_layer or isinstance(module, (*_LAYERS, _NormBase, nn.GroupNorm))
