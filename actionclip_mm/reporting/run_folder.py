"""What a run left in its work dir: config, logs of training and validation, checkpoints, tests."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..utils import read_config, read_text

NOT_METRICS = ('step', 'time', 'data_time', 'memory')
COUNTS = ('videos', 'unlabelled', 'classes', 'listed', 'scored', 'failed')  # of metrics


@dataclass(frozen=True)
class Log:
    """Rows of numbers, each with its ``step``: of training (iterations) and of validation."""

    training: list[dict[str, float]]
    validation: list[dict[str, float]]

    @property
    def metrics(self) -> list[str]:
        """Names of the validation metrics, without counts of videos and classes."""
        names = dict.fromkeys(name for row in self.validation for name in row)
        return [name for name in names if is_metric(name)]


class RunFolder:
    """The work dir of a training.

    Args:
        path: The folder.
        config: Its config, if it is not the one in the folder.
        checkpoint: What to test, if it is not the best one.

    Raises:
        FileNotFoundError: No such folder, or nothing of a run in it.
    """

    def __init__(
        self, path: str | Path, config: str | Path | None = None, checkpoint: str | None = None
    ) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise FileNotFoundError(f"No such folder: '{path}'. Give the work dir of a run.")
        self.logs = _log_files(self.path)
        self._config, self._checkpoint = config, checkpoint
        if not self.logs and self.config_file is None:
            raise FileNotFoundError(
                f"'{path}' has neither a config nor */vis_data/scalars.json: give the work dir of "
                'a run.'
            )

    @property
    def config_file(self) -> Path | None:
        """The given config, that of the newest training, or the newest in the folder."""
        if self._config is not None:
            return Path(self._config)
        beside_log = [file.parent / 'config.py' for file in reversed(self.logs)]
        copies = sorted(self.path.glob('*.py'), key=lambda file: file.stat().st_mtime, reverse=True)
        return next((file for file in [*beside_log, *copies] if file.is_file()), None)

    @property
    def config(self) -> Any:
        """Config of the run.

        Raises:
            FileNotFoundError: There is none.
            ValueError: It cannot be read.
        """
        if self.config_file is None:
            raise FileNotFoundError(f"'{self.path}' has no config: give one with --config.")
        return read_config(self.config_file, 'give the config of the run with --config')

    @property
    def checkpoint(self) -> Path | None:
        """The given checkpoint, the best one, or the last one."""
        if self._checkpoint is not None:
            return Path(self._checkpoint)
        best = sorted(self.path.glob('best_*.pth'), key=lambda file: file.stat().st_mtime)
        if best:
            return best[-1]
        pointer = self.path / 'last_checkpoint'
        if pointer.is_file():
            last = Path(read_text(pointer).strip())
            for place in (last, self.path / last.name):  # the folder may have been moved
                if place.is_file():
                    return place
        every = sorted(self.path.glob('*.pth'), key=lambda file: file.stat().st_mtime)
        return every[-1] if every else None

    @property
    def start(self) -> str | None:
        """``load_from`` of the config, unless it is of this run: tested, or resumed."""
        start = self.config.get('load_from')
        if not start or self.config.get('resume'):
            return None
        place = Path(start).resolve()
        own = self.checkpoint is not None and place == self.checkpoint.resolve()
        return None if own or place.is_relative_to(self.path.resolve()) else str(start)

    def log(self) -> Log:
        """The log; of runs that were resumed, the parts that count."""
        training: list[dict[str, float]] = []
        validation: list[dict[str, float]] = []
        for file in self.logs:
            rows = _rows(file)
            for kept, new in (
                (training, [row for row in rows if _is_training(row)]),
                (validation, [row for row in rows if not _is_training(row)]),
            ):
                if new:
                    first = new[0]['step']
                    kept[:] = [row for row in kept if row['step'] < first] + new
        return Log(training, validation)

    def tests(self) -> dict[str, dict[str, float]]:
        """Metrics of the newest test in each folder below, by the folder's name."""
        found: dict[str, dict[str, float]] = {}
        files = [f for depth in ('', '*/', '*/*/') for f in self.path.glob(f'{depth}[0-9]*/*.json')]
        for file in sorted(files):
            if file.stem != file.parent.name:
                continue
            rows = _rows(file, step=0)
            if rows:
                place = str(file.parent.parent.relative_to(self.path))
                found[place] = {k: v for k, v in rows[-1].items() if is_metric(k)}
        return found


def is_metric(name: str) -> bool:
    """Whether a logged number measures the model, rather than counting or timing."""
    return name not in NOT_METRICS and name.rpartition('/')[2] not in COUNTS


def _log_files(folder: Path) -> list[Path]:
    """One log of each start of the run, in the order of time."""
    files = []
    for place in sorted(folder.glob('*/vis_data')):
        logs = [place / 'scalars.json', *sorted(place.glob('[0-9]*.json'))]
        files += [file for file in logs if file.is_file()][:1]
    return files


def _rows(file: Path, step: float | None = None) -> list[dict[str, float]]:
    """Finite numbers of each line; a line that was cut short is skipped."""
    rows = []
    for line in read_text(file).split('\n'):
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(content, dict):
            continue
        row = {
            name: float(value)
            for name, value in content.items()
            if isinstance(value, (int, float)) and math.isfinite(value)
        }
        if step is not None:
            row.setdefault('step', step)
        if 'step' in row:
            rows.append(row)
    return rows


def _is_training(row: dict[str, float]) -> bool:
    return 'iter' in row or 'lr' in row or 'loss' in row
