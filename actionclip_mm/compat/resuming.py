"""``--resume`` from intact checkpoints with a training state; report schedules that differ."""

import functools
import os.path as osp
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..utils import RunRefused
from .fixes import fix

NUMBER = re.compile(r'(epoch|iter)_(\d+)\.pth')
LEGACY = b'\x80'  # bare pickles of torch < 1.6 have no checksum
# state of a scheduler that changes while it runs; the rest is the schedule
RUNNING_STATE = {'optimizer', 'last_step', '_global_step', '_last_value', 'verbose', 'param_name'}


@fix()
def resume_from_intact_checkpoints() -> None:
    """mmengine's ``resume`` fails deep inside torch for truncated files, with KeyError for weights.

    A damaged checkpoint is replaced by the newest intact one before it. Weights without a training
    state are refused. A schedule that differs from the config's is reported, and a finished run.
    """
    from mmengine.runner import FlexibleRunner, Runner

    for kind in (Runner, FlexibleRunner):
        kind.resume = _resuming(kind.resume)


def damage_of(path: str | Path) -> str | None:
    """What is wrong with a checkpoint file; None if it is intact.

    Reads the whole file: torch itself does not compare checksums.

    Args:
        path: A local file of ``torch.save``; others are not checked.
    """
    path = Path(path)
    if not path.is_file():
        return None
    with path.open('rb') as file:
        start = file.read(4)
    if start[:1] == LEGACY or path.suffix == '.safetensors':
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError, ValueError):
        size = path.stat().st_size
        return 'it is empty' if not size else f'it is truncated or damaged ({size:,} bytes)'
    return None if bad is None else f'its {osp.basename(bad)} is damaged (the checksum differs)'


def last_intact_checkpoint(filename: str, log: Callable[[str], None]) -> str:
    """The checkpoint, or if it is damaged the newest intact one before it in its folder.

    Args:
        filename: The checkpoint to resume from.
        log: Receives one line that names the damaged files.

    Raises:
        RunRefused: No earlier checkpoint is intact.
    """
    damage = damage_of(filename)
    if damage is None:
        return filename
    bad, names = [f'{filename}: {damage}'], [filename]
    for earlier in _earlier(Path(filename)):
        damage = damage_of(earlier)
        if damage is None:
            log(
                f'Cannot resume from {"; ".join(bad)}. Resuming from the previous checkpoint '
                f'{earlier}.'
            )
            return str(earlier)
        bad.append(f'{earlier}: {damage}')
        names.append(str(earlier))
    raise RunRefused(
        f'Cannot resume from {"; ".join(bad)}, and its folder has no earlier intact checkpoint: '
        'remove --resume to start a new run.'
    )


def _earlier(path: Path) -> Iterator[Path]:
    """Earlier checkpoints of the same folder, newest first."""
    number = NUMBER.search(path.name)
    if number is None:
        return
    found = []
    for file in path.parent.glob('*.pth'):
        match = NUMBER.fullmatch(file.name)
        before = match and match[1] == number[1] and int(match[2]) <= int(number[2])
        if match and before and file.name != path.name:
            found.append((int(match[2]), file))
    yield from (file for _, file in sorted(found, reverse=True))


def _resuming(resume: Callable) -> Callable:
    @functools.wraps(resume)
    def resume_whole(self: Any, filename: str, *args: Any, **kwargs: Any) -> Any:
        warn = self.logger.warning
        filename = last_intact_checkpoint(str(filename), warn)
        call_hook = self.call_hook

        def watch(fn_name: str, **arguments: Any) -> None:
            if fn_name == 'after_load_checkpoint':
                checkpoint = arguments['checkpoint']
                _check_state(filename, checkpoint, needs_optimizer=hasattr(self, 'strategy'))
                if 'optimizer' not in checkpoint:
                    warn(f'{filename} has no optimizer state: the optimizer starts from zero.')
                stored = checkpoint.get('param_schedulers')
                for line in schedule_differences(self.param_schedulers, stored, filename):
                    warn(line)
            call_hook(fn_name, **arguments)

        self.call_hook = watch
        try:
            result = resume(self, filename, *args, **kwargs)
        finally:
            del self.call_hook  # the method of the class remains
        _warn_if_finished(self, filename)
        return result

    return resume_whole


def _check_state(filename: str, checkpoint: Any, needs_optimizer: bool) -> None:
    meta = checkpoint.get('meta') or {}
    missing = [key for key in ('epoch', 'iter') if key not in meta]
    needed = ('message_hub', 'optimizer') if needs_optimizer else ('message_hub',)
    missing += [key for key in needed if key not in checkpoint]
    if missing:
        raise RunRefused(
            f'Cannot resume from {filename}: it has weights but no training state '
            f'({", ".join(missing)} missing). Set load_from to it and resume=False to start a new '
            'run from these weights.'
        )


def schedule_differences(built: Any, stored: Any, filename: str) -> list[str]:
    """One line for each schedule in a checkpoint that differs from the config's.

    Args:
        built: Parameter schedulers of the config; a dict of lists for several optimizers.
        stored: Their states in the checkpoint, in the same form.
        filename: The checkpoint, for messages.
    """
    if isinstance(built, dict) and isinstance(stored, dict):
        parts = [schedule_differences(built[key], stored.get(key), filename) for key in built]
        return [line for part in parts for line in part]
    if not isinstance(built, list) or not built or not hasattr(built[0], 'state_dict'):
        return []
    advice = (
        "To train with the config's schedule, start a new run with load_from="
        f"'{filename}' instead of resuming."
    )
    if not isinstance(stored, list) or len(stored) != len(built):
        count = len(stored) if isinstance(stored, list) else 0
        return [
            f'{filename} has the state of {count} schedules and the config has {len(built)}: '
            f'the others start from their beginning. {advice}'
        ]
    lines = []
    for scheduler, state in zip(built, stored, strict=True):
        changed = [
            key
            for key, value in scheduler.state_dict().items()
            if key not in RUNNING_STATE and key in state and not _equal(value, state[key])
        ]
        if changed:
            kept = ', '.join(f'{_shown(key)}={_short(state[key])}' for key in changed)
            config = scheduler.state_dict()
            ours = ', '.join(f'{_shown(key)}={_short(config[key])}' for key in changed)
            end = state.get('end')
            flat = 'end' in changed and end < config['end']
            flat_text = f', and the value is constant from step {end} on' if flat else ''
            lines.append(
                f"Resuming keeps the checkpoint's schedule: {type(scheduler).__name__} with {kept} "
                f"({filename}); the config's {ours} is not used{flat_text}. {advice}"
            )
    return lines


def _shown(key: str) -> str:
    return 'base values' if key == 'base_values' else key


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        pairs = zip(first, second, strict=False)
        return len(first) == len(second) and all(_equal(one, two) for one, two in pairs)
    return bool(first == second)


def _short(value: Any) -> str:
    if isinstance(value, (list, tuple)) and len(value) > 1:
        return f'{value[0]}, …'
    return str(value[0]) if isinstance(value, (list, tuple)) and value else str(value)


def _warn_if_finished(runner: Any, filename: str) -> None:
    from mmengine.runner import EpochBasedTrainLoop

    loop = runner.train_loop
    in_epochs = isinstance(loop, EpochBasedTrainLoop)
    unit, option = ('epoch', 'max_epochs') if in_epochs else ('iteration', 'max_iters')
    done = loop.epoch if in_epochs else loop.iter
    total = loop.max_epochs if in_epochs else loop.max_iters
    if done >= total:
        runner.logger.warning(
            f'The run is finished: {filename} is from {unit} {done} and train_cfg.{option} is '
            f'{total}, so nothing is trained. Increase train_cfg.{option} to continue, or set '
            'another work_dir to start a new run.'
        )
