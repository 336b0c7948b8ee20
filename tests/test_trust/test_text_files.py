"""Label, template and description files of any content: the right texts, or one clear sentence."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from actionclip_mm.models.text import read_labels, read_prompts

ANY_FILE = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NAMES = ('jump rope', 'geh\u00f6rt', '\u8df3\u7ef3')
READERS = [
    *((read_labels, suffix) for suffix in ('.txt', '.json', '.csv')),
    *((read_prompts, suffix) for suffix in ('.txt', '.json', '.yaml')),
]


def refused(read: Callable, path: Path) -> str | None:
    """The error of a reader; None if it read the file."""
    try:
        read(str(path))
    except (ValueError, TypeError) as error:
        assert '\n' not in str(error) and 0 < len(str(error)) < 1000
        return str(error)
    return None


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig'])
@pytest.mark.parametrize('end', ['\n', '\r\n', '\r'])
def test_utf_8_with_any_line_ends(encoding: str, end: str, tmp_path: Path) -> None:
    path = tmp_path / 'labels.txt'
    path.write_bytes(end.join([*NAMES, '']).encode(encoding))
    assert read_labels(str(path)) == NAMES
    path.write_bytes(end.join([*(f'a {name} {{}}' for name in NAMES), '', '']).encode(encoding))
    assert read_prompts(str(path)) == tuple(f'a {name} {{}}' for name in NAMES)
    path = tmp_path / 'labels.csv'
    rows = ['id,name', *(f'{number},{name}' for number, name in enumerate(NAMES))]
    path.write_bytes(end.join(rows).encode(encoding))
    assert read_labels(str(path)) == NAMES


@pytest.mark.parametrize(('read', 'suffix'), READERS)
@pytest.mark.parametrize(
    ('content', 'words'),
    [
        ('first\ngeh\u00f6rt\n'.encode('latin-1'), 'Line 2 .* has the byte 0xf6, .* UTF-8'),
        ('first'.encode('utf-16'), 'Line 1 .* has the byte 0xff, .* UTF-8'),
        ('first'.encode('utf-16-le'), 'Line 1 .* has a zero byte, .* UTF-8'),
        (b'first\nsecond\0\n', 'Line 2 .* has a zero byte, .* UTF-8'),
        (b'\x89PNG\r\n\x1a\n\0\0', 'Line 1 .* has the byte 0x89, .* UTF-8'),
    ],
)
def test_other_encodings(
    read: Callable, suffix: str, content: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / f'texts{suffix}'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as error:
        read(str(path))
    assert str(path) in str(error.value)


@pytest.mark.parametrize(('read', 'suffix'), READERS)
@pytest.mark.parametrize('content', ['', ' \n\r\n\t\n', '\ufeff', 'x{}' * 350_000, '[' * 100_000])
def test_files_without_use(read: Callable, suffix: str, content: str, tmp_path: Path) -> None:
    (tmp_path / f'texts{suffix}').write_text(content)
    assert refused(read, tmp_path / f'texts{suffix}')


@pytest.mark.parametrize('row', ['0,' + 'x' * 200_000, '9' * 5000 + ',a', '0,a\n0,b', 'x,y', '0'])
def test_rows_without_use(row: str, tmp_path: Path) -> None:
    (tmp_path / 'labels.csv').write_text(f'id,name\n{row}\n')
    assert 'labels.csv' in str(refused(read_labels, tmp_path / 'labels.csv'))


LAUGHS = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'] + [
    f'a{n}: &a{n} [{", ".join([f"*a{n - 1}"] * 10)}]' for n in range(1, 12)
]
MERGES = ['a0: &a0 {x: [y]}'] + [
    f'a{n}: &a{n} {{<<: [{", ".join([f"*a{n - 1}"] * 10)}]}}' for n in range(1, 12)
]
AS_LIST = ['- &a0 [x, x, x, x, x, x, x, x, x, x]'] + [
    f'- &a{n} [{", ".join([f"*a{n - 1}"] * 10)}]' for n in range(1, 12)
]


@pytest.mark.parametrize('lines', [LAUGHS, MERGES, AS_LIST])
def test_a_small_file_that_stands_for_a_huge_one(lines: list[str], tmp_path: Path) -> None:
    """Aliases of aliases: 10^12 texts, if anything spelled them out."""
    (tmp_path / 'texts.yaml').write_text('\n'.join(lines))
    start = time.perf_counter()
    assert refused(read_prompts, tmp_path / 'texts.yaml')
    assert time.perf_counter() - start < 5


def test_shared_sentences_are_read(tmp_path: Path) -> None:
    (tmp_path / 'texts.yaml').write_text('run: &both ["{} fast", go]\njump: *both\n')
    both = ('{} fast', 'go')
    assert read_prompts(str(tmp_path / 'texts.yaml')) == dict(run=both, jump=both)


@pytest.mark.parametrize(
    'text',
    [
        '!!python/object/apply:os.mkdir [MADE]',
        'a: !!python/object/new:os.mkdir [MADE]',
        '- !!python/name:os.mkdir',
        'a: !!timestamp x',
        'a: !!int ""',
        'a: 2001-99-99',
        '? [a]\n: [b]',
    ],
)
def test_yaml_builds_plain_values_only(text: str, tmp_path: Path) -> None:
    (tmp_path / 'texts.yaml').write_text(text.replace('MADE', str(tmp_path / 'made')))
    assert 'texts.yaml' in str(refused(read_prompts, tmp_path / 'texts.yaml'))
    assert not (tmp_path / 'made').exists()


@ANY_FILE
@pytest.mark.parametrize(('read', 'suffix'), READERS)
@given(
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode('utf-8', 'replace'))
)
@example(b'1')
@example(b'{}: 1')
@example(b'- 1\n- 2')
@example(b'id,name\n0,"')
def test_any_bytes(read: Callable, suffix: str, tmp_path: Path, content: bytes) -> None:
    (tmp_path / f'texts{suffix}').write_bytes(content)
    error = refused(read, tmp_path / f'texts{suffix}')
    assert error is None or error.endswith('.')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@ANY_FILE
@pytest.mark.parametrize('read', [read_labels, read_prompts])
@given(JSON)
def test_any_json(read: Callable, tmp_path: Path, content: object) -> None:
    (tmp_path / 'texts.json').write_text(json.dumps(content))
    error = refused(read, tmp_path / 'texts.json')
    assert error is None or error.endswith('.')
