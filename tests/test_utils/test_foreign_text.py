"""Names of others in code, on terminals and on pages: the same text, no command, no code."""

import ast
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmengine.config import Config

from actionclip_mm.utils import first_line, in_docstring, list_names, literal, on_page, printable

NAMES = [
    """x': exec('import os; os.system("touch PWNED")'), 'y""",
    "massaging person's head",
    'say "hello"',
    """both ' and " ''' \"\"\"""",
    '{{ fileDirname }}',
    '{{$HOME:none}}',
    '{{{{$NOT_SET:__import__("os").mkdir("PWNED")}}}}',
    '{{ _base_.model }}',
    'back\\slash\\',
    '\\{{$HOME:none}}',
    'two\nlines',
    'class',
    'None',
    '\x1b]0;title\x07',
    'Köln',
    '日本',
    '',
]


def holds_the_same(config: Config, folder: Path) -> None:
    for name in ('config.py', 'config.json', 'config.yml'):
        config.dump(folder / name)
        again = Config.fromfile(folder / name).to_dict()
        assert json.dumps(again, sort_keys=True) == json.dumps(config.to_dict(), sort_keys=True)
    text = (folder / 'config.py').read_text()
    assert Config.fromfile(folder / 'config.py').pretty_text == text  # dumped again by a run
    assert not os.path.exists('PWNED')


def test_dumped_configs_hold_the_same_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What export, protocol runs and mmengine's own runs write into their folders."""
    monkeypatch.chdir(tmp_path)
    names = [name for name in NAMES if name]
    descriptions = {name: [f'{name} is done', name] for name in names}
    model = dict(labels=names, templates=descriptions, pairs={name: name for name in names})
    nested = {name: {name: 1} for name in names}
    config = dict(
        model=model, nested=nested, lists=[names, [dict(a=n) for n in names]], title='{{x'
    )
    holds_the_same(Config(config), tmp_path)


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=4))
def test_keys_and_values_come_back(mapping: dict[str, str]) -> None:
    text = Config(dict(a=mapping, b=list(mapping.values()))).pretty_text
    module: dict = {}
    exec(text, module)
    assert module['a'] == mapping and module['b'] == list(mapping.values())
    assert '{{' not in text.replace('dict', '')


@given(st.text() | st.sampled_from(NAMES))
def test_literals_and_docstrings(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text and '{{' not in literal(text)
    code = f'"""{in_docstring(text)}"""'
    if '\r' not in text:
        assert ast.literal_eval(code) == text
    assert len(ast.parse(code).body) == 1 and '{{' not in code


@pytest.mark.parametrize('show', [printable, on_page, lambda t: list_names([t]),
                                  lambda t: first_line(ValueError(t))])  # fmt: skip
def test_no_control_character_is_shown(show) -> None:
    for text in ('a\x1b]52;c;eA==\x07b', 'a\x9b2Jb', 'a\rb', 'a\u202eb', 'a\x00b', 'a\x7fb'):
        shown = show(text)
        assert all(char.isprintable() for char in shown), (text, shown)
        assert shown == 'a' or (shown.startswith('a\\') and shown.endswith('b'))
    assert show('Köln 日本 é') == 'Köln 日本 é'


def test_pages_take_it_for_text() -> None:
    assert on_page('<script>|x|</script>\n# title') == '&lt;script>\\|x\\|&lt;/script>\\n# title'


@pytest.mark.parametrize(
    ('names', 'most', 'said'),
    [
        ([], 5, ''),
        (['a', 'b'], 2, 'a, b'),
        (['a', 'b', 'c'], 2, 'a, b and 1 more'),
        (['a', 'b', 'c'], 1, 'a and 2 more'),
    ],
)
def test_first_names_and_how_many_more(names: list[str], most: int, said: str) -> None:
    assert list_names(names, most) == said


@pytest.mark.parametrize(
    ('error', 'said'),
    [
        (ValueError('one\ntwo'), 'one'),
        (RuntimeError('\n one'), 'one'),
        (OSError(), 'OSError'),  # says nothing
        (KeyError('place'), 'KeyError'),  # says a key alone, in quotes
    ],
)
def test_first_line(error: Exception, said: str) -> None:
    assert first_line(error) == said
