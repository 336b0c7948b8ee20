"""Own videos: folders per class and tables, and what is refused before anything trains."""

import json
from pathlib import Path

import pytest

from actionclip_mm.finetuning.collection import read_collection


def make(root: Path, *names: str) -> Path:
    """Files of different content."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def rows(source: Path) -> list[tuple[str, str, str | None]]:
    return [(clip.path, clip.label, clip.split) for clip in read_collection(source).clips]


def test_a_folder_per_class(tmp_path: Path) -> None:
    make(tmp_path, 'JugglingBalls/a.mp4', 'JugglingBalls/b.AVI', 'hug/deep/c.mkv', 'hug/d.mp4')
    make(tmp_path, 'hug/notes.txt', '.hidden/e.mp4')
    collection = read_collection(tmp_path)
    assert collection.names == {'juggling balls': 'JugglingBalls', 'hug': 'hug'}
    assert collection.counts() == {'JugglingBalls': 2, 'hug': 2}
    assert any('1' in note for note in collection.notes), 'the text file is counted'


def test_folders_of_splits(tmp_path: Path) -> None:
    make(tmp_path, 'train/a/1.mp4', 'train/a/2.mp4', 'train/b/3.mp4', 'val/a/4.mp4', 'val/b/5.mp4')
    assert {split for _, _, split in rows(tmp_path)} == {'train', 'val'}


@pytest.mark.parametrize('suffix', ['.csv', '.tsv', '.json'])
def test_a_table_is_a_folder(tmp_path: Path, suffix: str) -> None:
    videos = [
        ('clips/1.mp4', 'a'),
        ('clips/2.mp4', 'a'),
        ('clips/3.mp4', 'b'),
        ('clips/4.mp4', 'b'),
    ]
    make(tmp_path, *[path for path, _ in videos])
    table = tmp_path / f'table{suffix}'
    if suffix == '.json':
        table.write_text(json.dumps([dict(path=path, label=label) for path, label in videos]))
    else:
        line = {'.csv': ',', '.tsv': '\t'}[suffix].join
        table.write_text('\n'.join(map(line, [('path', 'label'), *videos])))
    assert [(path, label) for path, label, _ in rows(table)] == videos


@pytest.mark.parametrize(
    ('files', 'said'),
    [
        ([], 'has no videos'),
        (['a.txt'], 'has no videos'),
        (['a/1.mp4', 'a/2.mp4'], 'has one class'),
        (['a/1.mp4', 'a/2.mp4', 'b/3.mp4'], 'with a single clip: b'),
        (['a/1.mp4', 'a/2.mp4', 'A/3.mp4', 'A/4.mp4'], 'are the same class name'),
        (['train/a/1.mp4', 'train/a/2.mp4', 'val/b/3.mp4'], 'without a training clip: b'),
    ],
)
def test_bad_folders_get_one_sentence(tmp_path: Path, files: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        read_collection(make(tmp_path, *files))
    assert '\n' not in str(error.value)


def test_copies_are_dropped_within_a_class_and_refused_across_classes(tmp_path: Path) -> None:
    make(tmp_path, 'a/1.mp4', 'a/2.mp4', 'b/3.mp4', 'b/4.mp4')
    (tmp_path / 'a' / 'copy.mp4').write_bytes((tmp_path / 'a' / '1.mp4').read_bytes())
    collection = read_collection(tmp_path)
    assert collection.counts()['a'] == 2 and any('copies' in note for note in collection.notes)
    (tmp_path / 'b' / 'copy.mp4').write_bytes((tmp_path / 'a' / '1.mp4').read_bytes())
    with pytest.raises(ValueError, match='The same video is in two classes'):
        read_collection(tmp_path)


@pytest.mark.parametrize(
    ('name', 'content', 'said'),
    [
        ('a.csv', 'x\n', 'must be path, label'),
        ('a.csv', 'path,label\nnowhere.mp4,a\n', 'do not exist'),
        ('a.json', '{', 'is not valid JSON'),
        ('a.csv', b'\xff', 'is not UTF-8'),
    ],
)
def test_bad_tables_get_one_sentence(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises((ValueError, FileNotFoundError), match=said):
        read_collection(path)
