"""What a user asks of a protocol, and what a protocol can be asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .protocol import Protocol


@dataclass(frozen=True)
class Request:
    """What a user asks for; see the options of ``tools/run_protocol.py``."""

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


def check_request(request: Request, protocol: Protocol) -> None:
    """Finds what is missing, and options that would have no effect.

    Raises:
        ValueError: With the option.
        FileNotFoundError: A checkpoint that is not there.
    """
    if request.test_only:
        _check_trains(protocol, '--test-only')
    _check_choices(request, protocol)
    _check_checkpoints(request, protocol)


def _check_trains(protocol: Protocol, option: str) -> None:
    if not protocol.trains:
        raise ValueError(f'{protocol.id} trains nothing: leave {option} out.')


def _check_choices(request: Request, protocol: Protocol) -> None:
    """Refuses options that would have no effect."""
    given = {
        '--nested': request.nested,
        '--train-list': bool(request.train_lists),
        '--seed': request.seed is not None,
    }
    for option, is_given in given.items():
        if is_given:
            _check_trains(protocol, option)
            if request.test_only:
                raise ValueError(f'{option} is about training: leave it or --test-only out.')
    if request.nested and (protocol.shots is None or request.train_lists):
        raise ValueError('--nested is about drawn videos, and none are drawn here: leave it out.')
    if request.base_labels is not None and 'novel' not in protocol.runs[0].tests:
        raise ValueError(f'{protocol.id} has no base classes: leave --base-labels out.')
    for paths, option in ((request.train_lists, '--train-list'),
                          (request.checkpoints, '--checkpoint')):  # fmt: skip
        if len(paths) not in (0, 1, len(protocol.runs)):
            raise ValueError(
                f'{option} has {len(paths)} files for {len(protocol.runs)} runs: give one for all '
                'or one for each.'
            )


def _check_checkpoints(request: Request, protocol: Protocol) -> None:
    if not request.checkpoints and (request.test_only or not protocol.trains):
        raise ValueError(
            f'{protocol.id} tests a trained model: give it with --checkpoint FILE (CLIP itself '
            'becomes one with tools/convert/to_actionclip.py).'
        )
    for path in request.checkpoints:
        if not path.is_file():
            raise FileNotFoundError(f"There is no checkpoint '{path}': give the path of a file.")
