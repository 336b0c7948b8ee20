"""What a user asks of a protocol, checked before anything slow is imported."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .families import get_protocol
from .protocol import Protocol


@dataclass(frozen=True)
class Request:
    """The arguments of :func:`~.runs.run` that decide what is measured."""

    protocol: str
    checkpoints: Sequence[Path] = ()
    test_only: bool = False
    config: Path | None = None
    data_root: Path = Path('data')
    seed: int | None = None
    seeds: Sequence[int] = ()
    nested: bool = False
    train_lists: Sequence[Path] = ()
    base_labels: Path | None = None
    templates: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def resolve(self) -> Protocol:
        """The protocol with the requested seeds.

        Raises:
            ValueError: Unknown protocol, or an option that is missing or would have no effect.
            FileNotFoundError: A missing file, or no folder of the data set.
        """
        protocol = get_protocol(self.protocol)
        if self.seeds:
            protocol = protocol.with_seeds(self.seeds)
        self._check_options(protocol)
        if not self.checkpoints and (self.test_only or not protocol.trains):
            raise ValueError(
                f'{protocol.id} tests a trained model: pass it with --checkpoint FILE (`actionclip '
                'convert` makes one of CLIP).'
            )
        self._check_paths(protocol)
        return protocol

    def _check_options(self, protocol: Protocol) -> None:
        training = {
            '--nested': self.nested,
            '--train-list': bool(self.train_lists),
            '--seed': self.seed is not None,
        }
        for option, given in {'--test-only': self.test_only, **training}.items():
            if given and not protocol.trains:
                raise ValueError(f'{protocol.id} does not train: omit {option}.')
            if given and self.test_only and option in training:
                raise ValueError(f'{option} is for training: omit it or --test-only.')
        if self.nested and (protocol.shots is None or self.train_lists):
            raise ValueError('--nested is for drawn videos, and none are drawn here: omit it.')
        if self.base_labels is not None and 'novel' not in protocol.runs[0].tests:
            raise ValueError(f'{protocol.id} has no base classes: omit --base-labels.')
        for paths, option in ((self.train_lists, '--train-list'),
                              (self.checkpoints, '--checkpoint')):  # fmt: skip
            if len(paths) not in (0, 1, len(protocol.runs)):
                raise ValueError(
                    f'{option} has {len(paths)} files for {len(protocol.runs)} runs: pass one for '
                    'all or one per run.'
                )

    def _check_paths(self, protocol: Protocol) -> None:
        files = {
            '--checkpoint': self.checkpoints,
            '--config': [self.config] if self.config else [],
            '--train-list': self.train_lists,
            '--base-labels': [self.base_labels] if self.base_labels else [],
        }
        for option, paths in files.items():
            for path in paths:
                if not path.is_file():
                    raise FileNotFoundError(f"{option} '{path}' does not exist: pass a file.")
        folder = self.data_root / protocol.benchmark.name
        if not folder.is_dir():
            raise FileNotFoundError(missing(protocol, folder))


def missing(protocol: Protocol, path: Path) -> str:
    """Say that a file or folder of the data set is missing, and what makes it."""
    return (
        f"{protocol.id} needs '{path}', which does not exist: make it with "
        f'`{protocol.benchmark.prepare_command}`, or set --data-root.'
    )
