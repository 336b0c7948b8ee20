"""Search in feature stores: exact in pieces, FAISS, names of spans."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from actionclip_mm.features import FeatureIndex, FeatureWriter, search
from actionclip_mm.features.search import Hit
from actionclip_mm.features.videos import list_sources, name_of, parse_name, spans_of, with_spans

KEY = dict(model=dict(weights='abc', precision='fp32'), pipeline=[], window=None, stride=None)


def write(folder: Path, count: int = 500, dtype: str = 'fp32') -> torch.Tensor:
    """A store of random features, of which every seventh failed."""
    features = F.normalize(torch.randn(count, 16), dim=-1)
    writer = FeatureWriter(folder, [f'{i}.mp4' for i in range(count)], KEY, dtype, 64)
    for shard in writer.pending():
        failed = {i - shard.start: 'gone' for i in range(shard.start, shard.stop) if i % 7 == 0}
        writer.write(shard, features[shard.start : shard.stop], failed)
    return features


@pytest.mark.parametrize('piece', [37, 65536])
def test_exact_search_is_a_full_sort(
    piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, 'PIECE', piece)
    features = write(tmp_path)
    texts = torch.randn(3, 16)
    index = FeatureIndex(tmp_path)
    assert len(index) == 500 - 72 and len(index.failed) == 72
    scores = F.normalize(texts, dim=-1) @ features.T
    scores[:, ::7] = -2
    for hits, row in zip(index.search(texts, 20), scores, strict=True):
        assert [hit.video for hit in hits] == [
            f'{i}.mp4' for i in row.argsort(descending=True)[:20]
        ]
        assert [hit.score for hit in hits] == pytest.approx(sorted(row.tolist())[:-21:-1])
    assert len(index.search(texts, 1000)[0]) == 428


def test_equal_scores_keep_the_order_of_the_videos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, 'PIECE', 3)
    writer = FeatureWriter(tmp_path, list('abcdefgh'), KEY, 'fp32')
    writer.write(writer.pending()[0], torch.eye(8)[[0, 1, 1, 0, 1, 1, 1, 0]])
    (hits,) = FeatureIndex(tmp_path).search(torch.eye(8)[1:2], 8)
    assert sorted(hit.video for hit in hits[:5]) == list('bcefg')
    assert [hit.score for hit in hits] == [1.0] * 5 + [0.0] * 3


def test_faiss_gives_the_same(tmp_path: Path) -> None:
    pytest.importorskip('faiss', reason='the extra [search] is not installed')
    write(tmp_path, dtype='fp16')
    texts = torch.randn(3, 16)
    exact = FeatureIndex(tmp_path).search(texts, 10)
    for hits, others in zip(FeatureIndex(tmp_path, 'faiss').search(texts, 10), exact, strict=True):
        assert [hit.video for hit in hits] == [hit.video for hit in others]
        assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in others], abs=1e-6)
    assert len(FeatureIndex(tmp_path, 'faiss:HNSW16').search(texts, 10)[0]) == 10
    with pytest.raises(ValueError, match="FAISS cannot build 'IVF1000,Nonsense'"):
        FeatureIndex(tmp_path, 'faiss:IVF1000,Nonsense')


def test_without_faiss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, 10)
    monkeypatch.setitem(__import__('sys').modules, 'faiss', None)
    with pytest.raises(ImportError, match=r'pip install .actionclip_mm\[search\]'):
        FeatureIndex(tmp_path, 'faiss')
    with pytest.raises(ValueError, match="exact, faiss or faiss:FACTORY, got 'hnsw'"):
        FeatureIndex(tmp_path, 'hnsw')


def test_bad_questions(tmp_path: Path) -> None:
    write(tmp_path, 10)
    index = FeatureIndex(tmp_path)
    with pytest.raises(ValueError, match=r'must be \[Q, 16\], got \[1, 8\]'):
        index.search(torch.randn(1, 8))
    with pytest.raises(ValueError, match='k must be a positive integer'):
        index.search(torch.randn(1, 16), 0)


@pytest.mark.parametrize(
    'duration, window, stride, spans',
    [
        (3, 4, 4, [(0, 3)]),
        (8, 4, 4, [(0, 4), (4, 8)]),
        (9, 4, 2, [(0, 4), (2, 6), (4, 8), (6, 9)]),
        (8.0001, 4, 4, [(0, 4), (4, 8)]),
        (10, 2, 4, [(0, 2), (4, 6), (8, 10)]),
        (10, 1, 4, [(0, 1), (4, 5), (8, 9)]),
    ],
)
def test_spans_cover_a_video(duration: float, window: float, stride: float, spans: list) -> None:
    assert spans_of(duration, window, stride) == spans


def test_names(tmp_path: Path) -> None:
    from actionclip_mm.apis.inputs import Source

    name = name_of(Source('a 1-2.mp4', segment=(0.5, 12345.25)))
    assert name == 'a 1-2.mp4 0.5-12345.25'
    assert parse_name(name, spans=True) == ('a 1-2.mp4', 0.5, 12345.25)
    assert parse_name('a 1-2', spans=False) == ('a 1-2', None, None)
    assert Hit(0.5, *parse_name('x 10-20', True)).start == 10
    (tmp_path / 'x.mp4').write_text('not a video')
    broken = str(tmp_path / 'x.mp4')
    assert list_sources([broken, broken], 2, None) == [Source(broken, segment=(0, 0))]
    assert list_sources(['a', 'b', 'a'], None, None) == [Source('a'), Source('b')]
    steps = with_spans([dict(type='DecordInit', io_backend='disk'), dict(type='DecordDecode')])
    assert [step['type'] for step in steps] == ['DecordInit', 'SegmentFrames', 'DecordDecode']
    with pytest.raises(ValueError, match='opens a video file'):
        with_spans([dict(type='RawFrameDecode')])
