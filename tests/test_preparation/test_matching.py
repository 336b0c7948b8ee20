"""Match files to listed videos."""

from pathlib import Path

import pytest

from actionclip_mm.benchmarks import AnnotationList, Benchmark
from actionclip_mm.preparation import ListedVideo, Plan, Preparation, VideoList
from actionclip_mm.preparation.matching import Match, match
from actionclip_mm.preparation.scanning import Found, Scan


class Toy(Preparation):
    def read(self, args) -> Plan:
        raise NotImplementedError


def pair(listed: list[str], there: list[Found]) -> Match:
    lists = [VideoList(AnnotationList('toy_{kind}.txt'), [ListedVideo(path) for path in listed])]
    return match(Toy(Benchmark('toy', 'Toy', 1)), lists, Scan(there), Path('folder'), '--videos')


def test_case_does_not_matter() -> None:
    found = pair(['Run/v_Run.avi'], [Found('run/V_run.AVI')])
    assert found.found['Run/v_Run.avi'].path == 'run/V_run.AVI'
    assert not (found.missing or found.extra or found.duplicates or found.hints)


@pytest.mark.parametrize('fault', [None, 'empty file'])
def test_names_that_differ_by_case_alone_keep_their_files(fault) -> None:
    """Even if the other file is usable."""
    found = pair(['c/x.avi', 'c/X.avi'], [Found('c/X.avi', fault=fault), Found('c/x.avi')])
    assert {path: file.path for path, file in found.found.items()} == {
        'c/x.avi': 'c/x.avi',
        'c/X.avi': 'c/X.avi',
    }
    assert found.unusable == ({'c/X.avi': fault} if fault else {})
    assert not (found.missing or found.duplicates or found.hints)


def test_one_file_is_not_two_videos() -> None:
    found = pair(['c/X.avi', 'c/x.avi'], [Found('c/X.avi')])
    assert found.missing == ['c/x.avi']
    assert found.hints == [
        "'c/X.avi' fits two listed videos, 'c/X.avi' and 'c/x.avi': it is taken for the first."
    ]


def test_unmatched_files_and_videos() -> None:
    there = [Found('c/a.avi'), Found('c/a.mp4'), Found('c/b.avi')]
    found = pair(['c/a.avi', 'd/e.avi'], there)
    assert found.found['c/a.avi'].path == 'c/a.avi'
    assert (found.duplicates, found.extra) == (['c/a.mp4'], ['c/b.avi'])
    assert found.missing == ['d/e.avi']
    (hint,) = found.hints
    assert hint.startswith("The folder 'd' holds none of its 1 listed videos")
