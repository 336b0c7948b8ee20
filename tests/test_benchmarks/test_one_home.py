"""Sizes and names of lists are defined by descriptors only."""

import re
from pathlib import Path

import pytest

from actionclip_mm.benchmarks import BENCHMARKS, AnnotationList, Benchmark

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / 'actionclip_mm' / 'benchmarks'
FILES = [
    path
    for folder in ('actionclip_mm', 'tools')
    for path in (ROOT / folder).rglob('*')
    if path.suffix in ('.py', '.json', '.txt', '.yml') and '.mim' not in path.parts
]
PREPARED = [name for name, each in BENCHMARKS.items() if not each.is_generated]


def telling_sizes(benchmark: Benchmark, listed: AnnotationList) -> list[int]:
    """Sizes that are not written for other reasons too."""
    return [size for size in benchmark.sizes(listed) if size > 1000]


def places(words: set[str], files: list[Path]) -> dict[str, list[str]]:
    """Word -> files that have it, once per occurrence; 9,537 counts as 9537."""
    found: dict[str, list[str]] = {word: [] for word in words}
    for path in files:
        text = re.sub(r'(?<=\d),(?=\d{3}\b)', '', path.read_text())
        for word in re.findall(r'\w+', text):
            if word in found:
                found[word].append(path.name)
    return found


@pytest.mark.parametrize('name', PREPARED)
def test_sizes_and_lists_are_named_by_the_descriptor_alone(name: str) -> None:
    benchmark = BENCHMARKS[name]
    sizes = {str(size) for each in benchmark.lists() for size in telling_sizes(benchmark, each)}
    others = [path for path in FILES if HOME not in path.parents]
    assert len(others) > 100
    words = sizes | {each.name for each in benchmark.lists()}
    assert {word: files for word, files in places(words, others).items() if files} == {}


@pytest.mark.parametrize('name', PREPARED)
def test_no_size_is_written_twice(name: str) -> None:
    """Lists of equal sizes (HMDB51's splits) have one number each, in the same file."""
    benchmark = BENCHMARKS[name]
    lists = [*benchmark.published.values()]
    for each in benchmark.lists():
        for size in telling_sizes(benchmark, each):
            own = [path for path in FILES if path.stem == name and path.parent == HOME]
            written = places({str(size)}, own)[str(size)]
            published = sum(listed.size == size for listed in lists)
            assert len(written) == (published if published else 1), (each.name, size, written)
