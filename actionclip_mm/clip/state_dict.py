"""Read a state dict from a file, never running code of the file, and load it into a module."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file as load_safetensors
from torch import Tensor, nn

from ..compat.checkpoints import load_weights_only
from ..utils import first_line, list_names, read_json_object
from ..utils.pickles import DAMAGED, is_torchscript
from ..utils.weight_values import check_weight_values
from .torchscript import read_torchscript

# Three constants that OpenAI's archives carry among their weights; nothing else has them.
OPENAI_CONSTANTS = ('input_resolution', 'context_length', 'vocab_size')

# Keys under which training code keeps the weights of a checkpoint: mmengine and open_clip, released
# ActionCLIP, timm and many others.
_WRAPPERS = ('state_dict', 'model_state_dict', 'model')

# What wrapping a model puts in front of its names: DistributedDataParallel and weight averages,
# trainers; torch.compile, FSDP and checkpointing, which can also wrap a part of a model.
_OF_PARTS = '_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module'
_PREFIXES = re.compile(rf'^(?:(?:module|model|{_OF_PARTS})\.)+|(?<=\.)(?:{_OF_PARTS})\.')
_COUNTER = 'n_averaged'  # of torch's AveragedModel, among the weights

# A sharded save: an index that lists its parts, which are numbered, such as
# model.safetensors.index.json and model-00001-of-00002.safetensors.
INDEX = '.index.json'
_PART = re.compile(r'-\d{5}-of-\d{5}(\.[a-z]+)$')


class Unwrapped(NamedTuple):
    """The weights in a checkpoint.

    Attributes:
        weights: Names, as the model itself has them, to values.
        others: Keys of the checkpoint next to the weights.
    """

    weights: dict[str, Any]
    others: list[str]


def unwrap(content: dict[str, Any]) -> Unwrapped:
    """Finds the weights in the content of a file, whatever they are wrapped in.

    Raises:
        ValueError: Names that are not text, or two sets of weights under the same names.
    """
    others: list[str] = []
    while inner := next((k for k in _WRAPPERS if isinstance(content.get(k), dict)), None):
        others += [str(key) for key in content if key != inner]
        content = content[inner]
    if not all(isinstance(name, str) for name in content):
        raise ValueError('The file has keys that are not names of weights: give a state dict.')
    if _COUNTER in content:
        others.append(_COUNTER)
        content = {name: value for name, value in content.items() if name != _COUNTER}
    return Unwrapped(strip_prefixes(content), others)


def strip_prefixes(state: dict[str, Any]) -> dict[str, Any]:
    """Removes what wrapping a model puts into the names of its weights, in any nesting.

    Raises:
        ValueError: Two names become one.
    """
    stripped: dict[str, Any] = {}
    for name, value in state.items():
        short = _PREFIXES.sub('', name)
        if short in stripped:
            raise ValueError(
                f'The file holds two sets of weights, {short} is in both of them: give a file '
                'with one.'
            )
        stripped[short] = value
    return stripped


def read_state_dict(path: str) -> dict[str, Tensor]:
    """Reads ``.safetensors``, ``torch.save`` files, TorchScript archives and sharded saves.

    Args:
        path: File on this machine; of a sharded save its ``.index.json``.

    Returns:
        Names to tensors, as :func:`unwrap` finds them.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: Not a checkpoint, or a file that holds objects other than plain weights.
    """
    return unwrap(read_content(path)).weights


def read_content(path: str) -> dict[str, Any]:
    """Reads a weight file as it is, wrappers and all, for those who need more than one part of it.

    Raises:
        FileNotFoundError: There is no such file, or a part of a sharded save is not there.
        ValueError: Not a checkpoint, or it holds objects other than plain weights, or weights
            that cannot be used, see :func:`check_weight_values`.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no weight file '{path}': give the path of a file.")
    if path.endswith(INDEX):
        sharded = _load_sharded(path)
        check_weight_values(sharded, path)
        return sharded
    part = _PART.search(path)
    if part and Path(path[: part.start()] + part[1] + INDEX).is_file():
        raise ValueError(
            f"'{path}' is one part of a sharded save: give its index, "
            f"'{path[: part.start()]}{part[1]}{INDEX}'."
        )
    content = _load_safetensors(path) if str(path).endswith('.safetensors') else _load_torch(path)
    if not isinstance(content, dict) or not content:
        raise ValueError(
            f"'{path}' holds a {type(content).__name__}, not a state dict: give a file of weights."
        )
    check_weight_values(content, path)
    return content


def shards_of(path: str | Path) -> list[Path]:
    """The files that hold the weights: those that an ``.index.json`` lists, or the file itself.

    Raises:
        ValueError: The index does not list files of its own folder.
    """
    path = Path(path)
    if not path.name.endswith(INDEX):
        return [path]
    content = read_json_object(path, 'the index of a sharded save').get('weight_map')
    names = list(content.values()) if isinstance(content, dict) else []
    if not names or not all(isinstance(name, str) and _is_plain(name) for name in names):
        raise ValueError(
            f"'{path}' needs a weight_map from names of weights to files of its folder: give the "
            'index of a sharded save.'
        )
    return [path.with_name(name) for name in sorted(set(names))]


def _is_plain(name: str) -> bool:
    """Whether a name is that of a file in the same folder, and not of another index."""
    return Path(name).name == name and not name.endswith(INDEX)


def _load_sharded(path: str) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for part in shards_of(path):
        if not part.is_file():
            raise FileNotFoundError(
                f"'{path}' lists '{part.name}', which is not next to it: fetch all files of the "
                'sharded save.'
            )
        load = _load_safetensors if part.suffix == '.safetensors' else _load_torch
        content.update(load(str(part)))
    listed = read_json_object(Path(path), 'the index of a sharded save')['weight_map']
    missing = [name for name in listed if name not in content]
    if missing:
        raise ValueError(
            f"'{path}' lists weights that its files lack ({list_names(missing)}): fetch it and the "
            'files again.'
        )
    return content


def _load_safetensors(path: str) -> dict[str, Tensor]:
    try:
        return load_safetensors(path)
    except SafetensorError as error:
        raise ValueError(
            f"'{path}' cannot be read as a safetensors file ({error}): give an undamaged file."
        ) from error


def _load_torch(path: str):
    try:
        if is_torchscript(path):
            return read_torchscript(path)
        return load_weights_only(path, map_location='cpu')
    except (RuntimeError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"'{path}' cannot be read as a checkpoint ({first_line(error)}): "
            'give a .safetensors, .pt or .pth file of weights.'
        ) from error
    except DAMAGED as error:
        raise ValueError(
            f"'{path}' was not loaded because it is damaged or holds more than plain weights "
            f'({first_line(error)}): give a file of weights only.'
        ) from error


def has_openai_constants(path: str) -> bool:
    """Whether a weight file is OpenAI's archive; in zip files only the names are looked at."""
    if not zipfile.is_zipfile(path):
        names = read_state_dict(path)
        return all(name in names for name in OPENAI_CONSTANTS)
    with zipfile.ZipFile(path) as archive:
        # torch keeps tensors in data/ and constants/; names stand in the pickle and in the code
        text = b''.join(
            archive.read(name)
            for name in archive.namelist()
            if name.endswith(('.pkl', '.py')) and '/data/' not in name
        )
    return all(name.encode() in text for name in OPENAI_CONSTANTS)


def load_state_dict_or_explain(module: nn.Module, state_dict: Mapping[str, Tensor]) -> str | None:
    """Load a state dict strictly and describe what does not fit; torch would list every tensor.

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
