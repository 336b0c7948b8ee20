"""Loading weights that must be exactly those of a module, with the misfit said in few words."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn


def misfit_of_loaded(module: nn.Module, state_dict: Mapping[str, Tensor]) -> str | None:
    """Loads a state dict and says what does not fit; torch would list every tensor.

    Args:
        module: What takes the weights; half of it may be overwritten where they do not fit.
        state_dict: Its weights.

    Returns:
        None where every tensor was there and fitted, otherwise the first that did not and how many
        more there are.
    """
    try:
        missing, unexpected = module.load_state_dict(state_dict, strict=False)
    except RuntimeError as error:  # sizes
        lines = [line.strip() for line in str(error).splitlines()[1:] if line.strip()]
        lines[0] = lines[0].replace('torch.Size', '').rstrip('.')
        return _first(lines)
    parts = [f'the model lacks {_first(unexpected)}'] if unexpected else []
    parts += [f'the file lacks {_first(missing)}'] if missing else []
    return ' and '.join(parts) or None


def _first(names: Sequence[str]) -> str:
    return names[0] + (f' and {len(names) - 1} more' if len(names) > 1 else '')
