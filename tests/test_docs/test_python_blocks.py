"""Python blocks of the documentation: they compile, and what they name exists; short ones run."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import mmaction.registry
import mmengine.registry
import pytest
from mmengine.registry import Registry

from actionclip_mm.finetuning import read_collection
from actionclip_mm.utils.carried_files import carried

ROOT = Path(__file__).resolve().parents[2]
HOSTS = ('datasets', 'evaluation', 'engine', 'models', 'visualization')
PACKAGES = [f'mmaction.{each}' for each in HOSTS] + ['mmengine.hooks', 'mmengine.optim']
BLOCK = re.compile(r'^( *)```python\n(.*?)^ *```', re.S | re.M)
PAGES = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *sorted(ROOT.glob('docs/**/*.md'))]
BLOCKS = [
    pytest.param(block, id=f'{page.relative_to(ROOT)}-{number}')
    for page in PAGES
    if '_build' not in page.parts
    for number, (_, block) in enumerate(BLOCK.findall(page.read_text(encoding='utf-8')))
]


def dedent(block: str) -> str:
    """A block of a list item without its indentation."""
    indent = re.match(r' *', block)[0]  # type: ignore[index]
    return re.sub(rf'^{indent}', '', block, flags=re.M)


@cache
def registered() -> set[str]:
    """Names in the registries of mmaction2 and mmengine, which packages fill when imported."""
    for package in PACKAGES:
        importlib.import_module(package)
    homes = (mmaction.registry, mmengine.registry)
    found = [each for home in homes for each in vars(home).values() if isinstance(each, Registry)]
    return {name for each in found for name in each.module_dict}


@pytest.mark.parametrize('block', BLOCKS)
def test_a_block_compiles_and_names_what_exists(block: str) -> None:
    tree = ast.parse(dedent(block))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):  # a module that nobody has imported yet
                    importlib.import_module(f'{node.module}.{alias.name}')
        if isinstance(node, ast.keyword) and node.arg == 'type':
            assert isinstance(node.value, ast.Constant) and node.value.value in registered()


@pytest.mark.parametrize('page', ['README.md', 'docs/start.md'])
def test_the_first_prediction_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'data').symlink_to(ROOT / 'data')
    monkeypatch.chdir(tmp_path)
    block = next(text for _, text in BLOCK.findall((ROOT / page).read_text()) if "'mini'" in text)
    names: dict = {}
    exec(block, names)
    assert names['answer'].label == 'three blue triangles'
    assert (tmp_path / 'answer.png').stat().st_size > 10_000


def test_the_table_of_the_tutorial_is_one_that_finetune_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mini, clips = Path('data/mini'), sorted(carried('data/mini_clip/samples').glob('*.mp4'))
    (mini / 'videos' / 'train').mkdir(parents=True)
    names = ['red circle moving left', 'yellow star moving left', 'red circle moving right']
    (mini / 'labels_seen.txt').write_text('\n'.join(names))
    lines = []
    for number, clip in enumerate(clips):
        (mini / 'videos' / 'train' / f'{number}.mp4').symlink_to(clip)
        lines.append(f'train/{number}.mp4 {2 * (number % 2)}\n')
    (mini / 'train.txt').write_text(''.join([*lines, 'train/other.mp4 1\n']))
    page = (ROOT / 'docs' / 'tutorials' / 'own_data.md').read_text()
    exec(BLOCK.findall(page)[0][1], {})
    assert read_collection(Path('clips.csv')).counts() == {names[0]: 2, names[2]: 2}
    assert Path('clips.csv').read_text().count('\n') == 4
