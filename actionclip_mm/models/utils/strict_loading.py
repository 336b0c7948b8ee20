"""Loading weights that must be exactly those of a module, with the misfit said in few words."""

from collections.abc import Mapping

from torch import Tensor, nn

from ...utils import list_names


def misfit_of_loaded(module: nn.Module, state_dict: Mapping[str, Tensor]) -> str | None:
    """Loads a state dict and says what does not fit; torch would list every tensor.

    Args:
        module: What takes the weights; half of it may be overwritten where they do not fit.
        state_dict: Its weights.

    Returns:
        None where every tensor was there and fitted, otherwise the first that did not and how many
        more there are.
    """
    own = module.state_dict()
    for name, value in state_dict.items():
        if not isinstance(value, Tensor):
            return f'{name} is a {type(value).__name__}, not a tensor'
        if name in own and own[name].is_floating_point() and not value.is_floating_point():
            return f'{name} is {value.dtype}, not floating-point'.replace('torch.', '')
    try:
        missing, unexpected = module.load_state_dict(state_dict, strict=False)
    except RuntimeError as error:  # sizes
        lines = [line.strip() for line in str(error).splitlines()[1:] if line.strip()]
        lines[0] = lines[0].replace('torch.Size', '').rstrip('.')
        return list_names(lines, most=1)
    parts = [f'the model lacks {list_names(unexpected, most=1)}'] if unexpected else []
    parts += [f'the file lacks {list_names(missing, most=1)}'] if missing else []
    return ' and '.join(parts) or None
