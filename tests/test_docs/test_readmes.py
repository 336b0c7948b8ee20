"""The README is short, and its Chinese version keeps step with it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = (
    (ROOT / name).read_text(encoding='utf-8') for name in ('README.md', 'README_zh-CN.md')
)
BLOCK = re.compile(r'```.*?```', re.S)


def test_the_readme_is_short() -> None:
    assert len(ENGLISH.splitlines()) <= 120
    assert len(CHINESE.splitlines()) <= 120


def test_headings_have_the_same_levels() -> None:
    levels = [re.findall(r'^(#+) ', text, re.M) for text in (ENGLISH, CHINESE)]
    assert levels[0] == levels[1]


def test_code_blocks_are_identical() -> None:
    assert BLOCK.findall(ENGLISH) == BLOCK.findall(CHINESE)


def test_links_and_pictures_are_the_same() -> None:
    targets = [re.findall(r'\]\(([^)]+)\)', text)[1:] for text in (ENGLISH, CHINESE)]
    assert targets[0] == targets[1]


def test_numbers_are_the_same_in_every_section() -> None:
    sections = [BLOCK.sub('', text).split('\n## ') for text in (ENGLISH, CHINESE)]
    for pair in zip(*sections, strict=True):
        prose = [re.sub(r'\]\([^)]*\)', ']', text) for text in pair]
        numbers = [sorted(re.findall(r'\d+(?:\.\d+)?', text)) for text in prose]
        assert numbers[0] == numbers[1]


def test_the_chinese_version_is_chinese() -> None:
    prose = BLOCK.sub('', CHINESE)
    assert len(re.findall(r'[\u4e00-\u9fff]', prose)) > 500
    assert not re.search(r'[\u4e00-\u9fff],|[\u4e00-\u9fff]\.(?:\s|$)', prose), 'use ，and 。'
