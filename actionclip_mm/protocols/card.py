"""The result card: a number together with everything that decided it, as a JSON file.

Its sections are frozen dataclasses that pydantic validates. :meth:`Card.json_schema` describes the
file; ``docs/card.schema.json`` is a copy.
"""

import hashlib
import json
import reprlib
import sys
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

from pydantic import (
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    TypeAdapter,
    ValidationError,
    WrapValidator,
    model_validator,
)
from pydantic.dataclasses import dataclass

from ..utils import first_line, write_json

VERSION = 2

# How and where a result was made does not change what it means; scores of other processes or
# machines differ in their last digits.
NOT_HASHED = ('fingerprint', 'evidence', 'made')


def _finite(value: Any, _: Any) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not abs(value) <= sys.float_info.max:
        raise ValueError('must be a finite number')
    return value  # a whole number stays one: 100 and 100.0 are different text


Count = Annotated[StrictInt, Field(ge=0)]
Number = Annotated[float, WrapValidator(_finite)]
CONFIG = ConfigDict(extra='forbid')


@dataclass(frozen=True, config=CONFIG)
class ProtocolFacts:
    """Which protocol was run.

    Attributes:
        statistic: What was computed over the runs, in words.
        differences: Sentences on what differs from the published protocol.
    """

    id: str
    meaning: str
    dataset: str
    shots: Count | None
    statistic: str
    differences: tuple[str, ...]


@dataclass(frozen=True, config=CONFIG)
class ModelFacts:
    """The model, from its resolved config.

    Attributes:
        options: What the user changed in the config.
        checkpoint_sha256: Of the given checkpoint; None for several, or for CLIP.
    """

    config: str
    config_sha256: str
    options: dict[str, Any]
    recognizer: str
    backbone: str
    arch: Any
    pretrained: str | None
    visual_prompt: str | None
    pooling: str | None
    head: str
    test_scale: Number | None
    mean: tuple[Number, ...]
    std: tuple[Number, ...]
    checkpoint_sha256: str | None


@dataclass(frozen=True, config=CONFIG)
class TextFacts:
    """Templates and how they are averaged."""

    templates: Any
    num_templates: Count
    ensemble: str
    split_names: StrictBool
    context: StrictBool


@dataclass(frozen=True, config=CONFIG)
class TestFacts:
    """Frames, views, resizing and cropping of the test pipeline."""

    __test__ = False  # for pytest

    frames: Count
    clips: Count
    crops: Count
    average_clips: str | None
    scores: str | None
    sampling: dict[str, Any]
    resize: tuple[dict[str, Any], ...]
    crop: tuple[dict[str, Any], ...]
    modality: str


@dataclass(frozen=True, config=CONFIG)
class TrainingFacts:
    """How the runs were trained.

    Attributes:
        start: What training started from.
        processes: Each has its own batch.
        draws: How the training videos were chosen.
    """

    start: str
    epochs: Count | None
    batch_size: Count
    processes: Count
    drop_last: StrictBool
    optimizer: dict[str, Any]
    draws: str


@dataclass(frozen=True, config=CONFIG)
class ListFacts:
    """A list of videos.

    Attributes:
        sha256: Of its sorted lines.
        identity: :func:`~.lists.hash_videos` of it.
        published: Name of the published list that it equals.
    """

    count: Count
    sha256: str
    identity: str
    published: str | None


@dataclass(frozen=True, config=CONFIG)
class TrainListFacts(ListFacts):
    """A list that was trained on, and where it comes from."""

    source: str


@dataclass(frozen=True, config=CONFIG)
class ClassFacts(ListFacts):
    """The classes that the classifier knows, and how they were chosen."""

    rule: str


@dataclass(frozen=True, config=CONFIG)
class VideoCounts:
    """How many videos were listed, scored, and could not be read (these count as wrong)."""

    listed: Count
    scored: Count
    failed: Count

    @model_validator(mode='after')
    def _at_most_listed(self) -> 'VideoCounts':
        if max(self.scored, self.failed) > self.listed:
            raise ValueError('more videos were scored or failed than are listed')
        return self


COUNTS = tuple(field.name for field in fields(VideoCounts))


@dataclass(frozen=True, config=CONFIG)
class ClassResult:
    """The metric of one class; None for a class without a video."""

    name: str
    videos: Count
    value: Number | None


@dataclass(frozen=True, config=CONFIG)
class PerClass:
    """One metric of each class."""

    metric: str
    classes: tuple[ClassResult, ...]


@dataclass(frozen=True, config=CONFIG)
class RunResult:
    """One test: a part of a run."""

    run: str
    part: str
    seed: Count
    training_seed: Count | None
    classes: ClassFacts
    test_list: ListFacts
    train_list: TrainListFacts | None
    checkpoint_sha256: str
    videos: VideoCounts
    failed_videos: tuple[str, ...]
    metrics: dict[str, Number]
    per_class: PerClass


@dataclass(frozen=True, config=CONFIG)
class Statistic:
    """A metric over n runs; the standard deviation is None where there is only one."""

    part: str
    metric: str
    mean: Number
    std: Number | None
    ddof: Count
    n: Count


@dataclass(frozen=True, config=CONFIG)
class Evidence:
    """File with the scores of each video of a test, relative to the card."""

    run: str
    part: str
    file: str
    sha256: str


@dataclass(frozen=True, config=CONFIG)
class Origin:
    """When, where and with what the card was made."""

    date: str
    seconds: Number
    processes: Count
    command: str
    versions: dict[str, str | None]
    git_commit: str | None
    device: str


@dataclass(frozen=True, config=CONFIG)
class Card:
    """A result card.

    Attributes:
        schema: Version of the format.
        fingerprint: SHA-256 of all sections but ``evidence`` and ``made``: equal for equal results
            of equal settings.
        text: None for a head without texts.
        training: None where nothing was trained.
    """

    schema: StrictInt
    fingerprint: str
    protocol: ProtocolFacts
    model: ModelFacts
    text: TextFacts | None
    test: TestFacts
    training: TrainingFacts | None
    runs: Annotated[tuple[RunResult, ...], Field(min_length=1)]
    statistics: Annotated[tuple[Statistic, ...], Field(min_length=1)]
    evidence: tuple[Evidence, ...]
    made: Origin

    @property
    def is_complete(self) -> bool:
        """Whether every listed video was scored in every run."""
        return all(run.videos.scored == run.videos.listed for run in self.runs)

    def to_dict(self) -> dict[str, Any]:
        """The content of the JSON file."""
        return asdict(self)

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """JSON Schema (2020-12) of the file."""
        return TypeAdapter(Card).json_schema()


def make_card(**sections: Any) -> Card:
    """Build a card from its sections, dataclasses or dicts, with version and fingerprint.

    Raises:
        ValueError: A section is missing, unknown or malformed.
    """
    content = dict(schema=VERSION, fingerprint='', **sections)
    # plain JSON values: what a reader of the file gets
    content = json.loads(json.dumps(content, default=_plain))
    content['fingerprint'] = fingerprint(content)
    return _validate(content)


def fingerprint(content: dict[str, Any]) -> str:
    """SHA-256 of all that decides or is the result."""
    hashed = {key: value for key, value in content.items() if key not in NOT_HASHED}
    text = json.dumps(hashed, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def write_card(card: Card, path: Path) -> None:
    """Write a card as JSON."""
    write_json(path, card.to_dict(), indent=2)


def read_card(path: str | Path) -> Card:
    """Read and verify a card.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Not a card, a damaged one, one of another version, or one that was edited.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no card '{path}': give the card.json of a protocol run.")
    try:
        content = json.loads(path.read_text(encoding='utf-8'), parse_constant=_refuse_constant)
        if not isinstance(content, dict):
            raise ValueError('not a JSON object')
        if content.get('schema') != VERSION:
            raise ValueError(f'its schema is {reprlib.repr(content.get("schema"))}, not {VERSION}')
        card = _validate(content)
        if card.fingerprint != fingerprint(content):
            raise ValueError('its fingerprint does not match its content: it was edited')
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        reason = 'nested too deeply' if deep else first_line(error)
        raise ValueError(
            f"'{path}' is not a valid result card ({reason}): use the file as the protocol run "
            'wrote it, or run the protocol again.'
        ) from error
    return card


def _validate(content: dict[str, Any]) -> Card:
    try:
        return TypeAdapter(Card).validate_python(content)
    except ValidationError as error:
        raise ValueError(_first_fault(error)) from error


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    place = '.'.join(map(str, fault['loc']))[:200] or 'card'
    said = fault['msg'].removeprefix('Value error, ')
    got = '' if fault['type'] == 'missing' else f', got {reprlib.repr(fault["input"])}'
    return f'{place}: {said[0].lower()}{said[1:]}{got}'


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if hasattr(value, 'item'):
        return value.item()
    raise TypeError(f'{value!r} cannot stand in a card')


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f'{name} is not a JSON number')
