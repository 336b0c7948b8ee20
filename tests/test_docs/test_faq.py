"""Every message that docs/faq.md quotes is still in the package."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = re.findall(r'^> (.+)$', (ROOT / 'docs' / 'faq.md').read_text(encoding='utf-8'), re.M)


@cache
def texts() -> list[str]:
    """Strings of the package, with ``…`` in place of formatted values."""
    found = []
    for path in (ROOT / 'actionclip_mm').rglob('*.py'):
        if '.mim' in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.JoinedStr):
                parts = [p.value if isinstance(p, ast.Constant) else '…' for p in node.values]
                found.append(''.join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def is_in_order(parts: list[str], text: str) -> bool:
    """Whether a text has all parts, one after the other."""
    place = 0
    for part in parts:
        place = text.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True


def is_said(message: str) -> bool:
    """Whether one string of the package is this message, apart from what … stands for."""
    parts = [part for part in message.split('…') if part.strip()]
    return any(is_in_order(parts, text) for text in texts())


def test_there_are_messages() -> None:
    assert len(MESSAGES) > 25
    assert not is_said('… is not a message of this package')


@pytest.mark.parametrize('message', MESSAGES)
def test_the_message_exists(message: str) -> None:
    assert sum(len(part.strip()) for part in message.split('…')) > 20, 'too short to be found'
    assert is_said(message)
