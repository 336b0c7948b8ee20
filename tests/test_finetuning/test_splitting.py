"""The split: stratified, seeded, and recordings stay together."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionclip_mm.finetuning.collection import Clip
from actionclip_mm.finetuning.splitting import source_of, split_clips


@pytest.mark.parametrize(
    ('path', 'source'),
    [
        ('a/v_Archery_g01_c02.avi', 'v_archery_g01'),
        ('a/Brushing_brush_hair_u_nm_np1_ba_goo_2.avi', 'brushing_brush_hair'),
        ('match_part1.mp4', 'match'),
        ('holiday-clip-12.mp4', 'holiday'),
        ('dQw4w9WgXcQ_000010_000020.mp4', 'dqw4w9wgxcq'),
        ('rec-00012-00034.mp4', 'rec'),
        ('cam_20240102_20240103.mp4', None),
        ('IMG_1234.mp4', None),
        ('1.mp4', None),
    ],
)
def test_recordings_are_read_from_names(path: str, source: str | None) -> None:
    assert source_of(path) == source


CLIPS = st.dictionaries(
    st.sampled_from('abcd'), st.lists(st.integers(1, 4), min_size=2, max_size=6), min_size=2
)


@given(CLIPS, st.integers(0, 3), st.sampled_from([0.1, 0.2, 0.5]))
def test_properties(classes: dict[str, list[int]], seed: int, ratio: float) -> None:
    clips = [
        Clip(f'{label}/{label}{number}_part{part}.mp4', label)
        for label, recordings in classes.items()
        for number, parts in enumerate(recordings)
        for part in range(parts)
    ]
    train, val, grouping = split_clips(clips, ratio, seed)
    assert {c.path for c in train} | {c.path for c in val} == {c.path for c in clips}
    assert not {c.path for c in train} & {c.path for c in val}
    for side in (train, val):
        assert set(Counter(c.label for c in side)) == set(classes), 'every class is on both sides'
    assert not grouping.torn
    assert not {source_of(c.path) for c in train} & {source_of(c.path) for c in val}
    assert (train, val, grouping) == split_clips(clips[::-1], ratio, seed), 'seeded'


def test_another_seed_is_another_split() -> None:
    clips = [Clip(f'{label}/{n}.mp4', label) for label in 'ab' for n in range(20)]
    splits = {tuple(split_clips(clips, 0.2, seed)[1]) for seed in range(5)}
    assert len(splits) == 5
    train, val, _ = split_clips(clips, 0.2, 0)
    assert Counter(c.label for c in val) == {'a': 4, 'b': 4} and len(train) == 32


def test_a_class_of_one_recording_is_torn_and_named() -> None:
    clips = [Clip(f'a/one_part{n}.mp4', 'a') for n in range(4)]
    clips += [Clip(f'b/{n}.mp4', 'b') for n in range(4)]
    train, val, grouping = split_clips(clips, 0.25, 0)
    assert grouping.torn == ['a'] and {c.label for c in val} == {c.label for c in train} == {
        'a',
        'b',
    }
