"""Feature stores: what is written is read, whatever happens in between."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from actionclip_mm.features import PRECISIONS, FeatureStore, FeatureWriter, sample_name
from actionclip_mm.features.store import difference

NAMES = [f'class {number % 3}/clip_{number}.mp4' for number in range(10)]
KEY = dict(tower=dict(weights='abc'), pipeline=[dict(type='VideoInit'), dict(scale=[1, 2])])


def values() -> Tensor:
    return torch.randn(len(NAMES), 2, 1, 3, 4)


def writer(folder: Path, **options: object) -> FeatureWriter:
    return FeatureWriter(folder, NAMES, KEY, **(dict(precision='fp32', shard_size=4) | options))


def write(folder: Path, features: Tensor, part: int = 0, parts: int = 1) -> None:
    to = writer(folder)
    for shard in to.pending(part, parts):
        to.write(shard, features[shard.start : shard.stop])


@pytest.mark.parametrize('precision', list(PRECISIONS))
def test_reads_what_was_written(tmp_path: Path, precision: str) -> None:
    features = values()
    to = writer(tmp_path, precision=precision)
    for shard in reversed(to.pending()):
        to.write(shard, features[shard.start : shard.stop])
    store = FeatureStore(tmp_path)
    assert (len(store), store.shape, store.key, store.names) == (10, (2, 1, 3, 4), KEY, NAMES)
    for place in torch.randperm(10).tolist():
        assert torch.equal(store[NAMES[place]], features[place].to(PRECISIONS[precision]))
    assert 'other.mp4' not in store


def test_any_number_of_processes_write_one_store(tmp_path: Path) -> None:
    features = values()
    for part in (2, 0, 1):
        write(tmp_path, features, part, parts=3)
    assert torch.equal(FeatureStore(tmp_path)[NAMES[9]], features[9])


def test_goes_on_after_an_interruption(tmp_path: Path) -> None:
    features = values()
    to = writer(tmp_path)
    first, second, third = to.pending()
    to.write(second, features[4:8])
    with pytest.raises(FileNotFoundError, match='2 of 3 shards .* run the same'):
        FeatureStore(tmp_path)
    assert writer(tmp_path).pending() == [first, third]
    write(tmp_path, features)
    assert not writer(tmp_path).pending()
    assert torch.equal(FeatureStore(tmp_path)[NAMES[5]], features[5])


def test_failed_samples_have_no_features(tmp_path: Path) -> None:
    to = writer(tmp_path, shard_size=16)
    to.write(to.pending()[0], values(), {3: 'it is a text file', 0: 'empty'})
    store = FeatureStore(tmp_path)
    assert store.failed == {NAMES[3]: 'it is a text file', NAMES[0]: 'empty'}
    with pytest.raises(KeyError):
        store[NAMES[3]]


def test_damage_is_found(tmp_path: Path) -> None:
    write(tmp_path, values())
    path = tmp_path / 'features-00001.safetensors'
    content = bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ValueError, match='features-00001.*is damaged: delete it'):
        FeatureStore(tmp_path)
    path.write_bytes(content[:30])  # cut: written again
    with pytest.raises(ValueError, match='features-00001.*is damaged .*: delete it'):
        FeatureStore(tmp_path)
    assert [shard.number for shard in writer(tmp_path).pending()] == [1]


def test_features_of_another_key_are_refused(tmp_path: Path) -> None:
    write(tmp_path, values())
    other = dict(KEY, tower=dict(weights='xyz'))
    with pytest.raises(ValueError, match=r'\(key.tower.weights: "abc" there, "xyz" here\)'):
        FeatureWriter(tmp_path, NAMES, other, 'fp32', 4)
    with pytest.raises(ValueError, match='names: 10 there, 9 here'):
        FeatureWriter(tmp_path, NAMES[1:], KEY, 'fp32', 4)
    with pytest.raises(ValueError, match='precision must be'):
        FeatureWriter(tmp_path / 'new', NAMES, KEY, 'fp8')
    with pytest.raises(ValueError, match='must differ'):
        FeatureWriter(tmp_path / 'new', [*NAMES, NAMES[0]], KEY)


def test_a_shard_of_another_store_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / 'a', values())
    to = FeatureWriter(tmp_path / 'b', NAMES, dict(KEY, seed=1), 'fp32', 4)
    for shard in to.shards():
        path = to.path(shard.number)
        path.write_bytes((tmp_path / 'a' / path.name).read_bytes())
    with pytest.raises(ValueError, match='belongs to other features'):
        FeatureStore(tmp_path / 'b')


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='holds no features: make them with'):
        FeatureStore(tmp_path)
    (tmp_path / 'index.json').write_text('{"format": "else"}')
    with pytest.raises(ValueError, match='is not an index of'):
        FeatureStore(tmp_path)


def test_names_of_samples() -> None:
    assert sample_name(dict(filename='data/videos/a b/c.mp4'), 'data/videos') == 'a b/c.mp4'
    segment = dict(filename='v/c.mp4', segment=(1.5, 30.0))
    assert sample_name(segment, 'v') == 'c.mp4 1.5-30'
    assert sample_name(dict(frame_dir='/x/c'), '') == '/x/c'


def test_difference_names_the_first_place() -> None:
    assert difference(KEY, KEY) == ''
    assert difference([dict(a=1)], [dict(a=2)], 'pipeline') == 'pipeline[0].a: 1 there, 2 here'
    assert difference(dict(a=1), dict(b=1)) == 'a: 1 there, null here'
