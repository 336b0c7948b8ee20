"""The result card: a number together with everything that decided it, as a JSON file."""

import hashlib
import json
from pathlib import Path
from typing import Any, NoReturn

from ..utils import write_json
from .card_schema import SCHEMA, VERSION, check

Card = dict[str, Any]

# How and where a result was made does not change what it means; scores of other processes or
# machines differ in their last digits.
NOT_HASHED = ('fingerprint', 'evidence', 'made')


def make_card(**sections: Any) -> Card:
    """A card with its version and fingerprint from the sections of :data:`SCHEMA`.

    Raises:
        ValueError: A section is missing, unknown or malformed.
    """
    card = dict(sections, schema=VERSION, fingerprint='')
    # what JSON makes of tuples and of numpy's numbers is what a reader will get
    card = json.loads(json.dumps(card, default=_plain))
    card['fingerprint'] = fingerprint(card)
    check(card)
    _check_numbers(card)
    return {key: card[key] for key in SCHEMA}


def fingerprint(card: Card) -> str:
    """SHA-256 of all that decides or is the result: equal for equal results of equal protocols."""
    content = {key: value for key, value in card.items() if key not in NOT_HASHED}
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def is_complete(card: Card) -> bool:
    """Whether every listed video was scored in every run."""
    return all(run['videos']['scored'] == run['videos']['listed'] for run in card['runs'])


def write_card(card: Card, path: Path) -> None:
    write_json(path, card, indent=2)


def read_card(path: str | Path) -> Card:
    """A card from its file, checked.

    Raises:
        FileNotFoundError: No such file.
        ValueError: No card, a damaged one, one of another version, or one that was edited.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no card '{path}': give the card.json of a protocol run.")
    try:
        card = json.loads(path.read_text(encoding='utf-8'), parse_constant=_refuse_constant)
        if not isinstance(card, dict):
            raise ValueError('it holds no JSON object')
        if card.get('schema') != VERSION:
            raise ValueError(f'its schema is {str(card.get("schema"))[:20]} instead of {VERSION}')
        check(card)
        _check_numbers(card)
        if card['fingerprint'] != fingerprint(card):
            raise ValueError('its fingerprint does not fit its content: it was edited')
    except RecursionError:
        raise ValueError(f"'{path}' is no result card (nested too deeply): run again.") from None
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"'{path}' is no valid result card ({reason}): take the file as run_protocol.py wrote "
            'it, or run the protocol again.'
        ) from error
    return card


def _check_numbers(card: Card) -> None:
    """What types cannot say."""
    for section in ('runs', 'statistics'):
        if not card[section]:
            raise ValueError(f'the card has no {section}')
    for run in card['runs']:
        videos = run['videos']
        if max(videos['scored'], videos['failed']) > videos['listed']:
            raise ValueError(f'the run {run["run"]} scored or failed more videos than are listed')


def _plain(value: Any) -> Any:
    if hasattr(value, 'item'):
        return value.item()
    raise TypeError(f'{value!r} cannot stand in a card')


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f'{name} is no number of JSON')
