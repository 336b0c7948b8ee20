"""A video reads no other file, and no more memory than its frames may take."""

import io
import json
from pathlib import Path

import av
import mmcv
import numpy as np
import pytest
from mmaction.registry import TRANSFORMS
from PIL import Image

from actionclip_mm.cli import predict
from actionclip_mm.decoding import DECODERS, UnreadableVideo, Video
from actionclip_mm.decoding.containers import MAX_PIXELS, MAX_PIXELS_KEY, max_pixels

HLS = b'#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\n{}\n#EXT-X-ENDLIST\n'
DASH = b'<?xml version="1.0"?>\n<MPD><Period><BaseURL>{}</BaseURL></Period></MPD>\n'
PLAYLISTS = {
    'a.m3u8': HLS,
    'a.mp4': HLS,
    'a.avi': b'ffconcat version 1.0\nfile {}\n',
    'b.mp4': b'\xef\xbb\xbf\n# my list\nffconcat version 1.0\nfile {}\n',
    'a.ffconcat': b'ffconcat version 1.0\nfile {}\n',
    'a.mpd': DASH,
    'c.mp4': DASH,
    'a.sdp': b'v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n',
    'd.mp4': b'[playlist]\nFile1={}\nNumberOfEntries=1\n',
    'e.mp4': b'http://127.0.0.1/x.mp4\n',
}
HOST_OPENERS = ('DecordInit', 'PyAVInit', 'OpenCVInit', 'PIMSInit')


def encode(path: Path, size: tuple[int, int] = (64, 64), codec: str = 'mpeg4') -> Path:
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=10)
        stream.height, stream.width = size
        stream.pix_fmt = 'yuvj420p' if codec == 'mjpeg' else 'yuv420p'
        for grey in (0, 200):
            frame = av.VideoFrame.from_ndarray(np.full((*size, 3), grey, np.uint8), format='rgb24')
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A video outside of the data, as each kind of playlist can name it."""
    (tmp_path / 'data').mkdir()
    return encode(tmp_path / 'secret.ts', codec='mpeg2video')


@pytest.fixture(scope='module')
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """8192 x 8192, two grey frames; a few hundred kB."""
    return encode(tmp_path_factory.mktemp('large') / 'large.mkv', (8192, 8192), 'mjpeg')


@pytest.mark.parametrize('decoder', DECODERS)
@pytest.mark.parametrize('name', PLAYLISTS)
def test_playlists_are_refused(name: str, decoder: str, secret: Path) -> None:
    path = secret.parent / 'data' / name
    path.write_bytes(PLAYLISTS[name].replace(b'{}', str(secret).encode()))
    with pytest.raises(UnreadableVideo, match=r'it is a (playlist|text file)'):
        Video(str(path), [decoder]).read([0])


def test_a_playlist_with_a_video_after_it_is_refused(secret: Path) -> None:
    """Other versions of FFmpeg take it for the one or the other."""
    listed = HLS.replace(b'{}', str(secret).encode())
    path = secret.parent / 'data' / 'both.ts'
    path.write_bytes(listed + b'\n' * (-len(listed) % 188) + secret.read_bytes())
    with pytest.raises(UnreadableVideo, match='playlist'):
        Video(str(path))


@pytest.mark.parametrize('name', ['concat:a.ts|b.ts', 'subfile,,start,0,end,0,,:x', '%d.jpg'])
def test_names_are_not_protocols_or_patterns(
    name: str, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FFmpeg would open what the name says instead of the file."""
    monkeypatch.chdir(secret.parent)
    if name == '%d.jpg':
        Image.new('RGB', (32, 32)).save('0.jpg')
        Path(name).write_bytes(Path('0.jpg').read_bytes())
        with pytest.raises(UnreadableVideo):
            Video(name)
        return
    encode(Path('file.avi'), (64, 96)).rename(name)
    for decoder in DECODERS:
        assert Video(name, [decoder]).read([1])[0].shape[:2] == (64, 96)


@pytest.mark.parametrize('opener', ['VideoInit', *HOST_OPENERS])
def test_every_transform_refuses_both(opener: str, secret: Path, large: Path) -> None:
    path = secret.parent / 'data' / 'a.mp4'
    path.write_bytes(HLS.replace(b'{}', b'../secret.ts'))
    for file, reason in ((path, 'playlist'), (large, '8192 x 8192 pixels, more than max_pixels')):
        transform = TRANSFORMS.build(dict(type=opener))
        with pytest.raises(UnreadableVideo, match=reason):
            transform(dict(filename=str(file)))


@pytest.mark.parametrize('opener', ['VideoInit', *HOST_OPENERS])
def test_the_budget_is_a_key_of_the_config(opener: str, secret: Path) -> None:
    request = dict(filename=str(encode(secret.parent / 'a.avi')))
    with pytest.raises(UnreadableVideo, match='64 x 64 pixels, more than max_pixels=4095'):
        TRANSFORMS.build(dict(type=opener, max_pixels=4095))(request)
    video = TRANSFORMS.build(dict(type=opener, max_pixels=4096))(request)['video_reader']
    assert len(video.read([0, 1])) == 2


def test_the_budget_of_the_environment(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(encode(secret.parent / 'a.avi'))
    assert max_pixels() == MAX_PIXELS
    monkeypatch.setenv(MAX_PIXELS_KEY, '4000')
    with pytest.raises(UnreadableVideo, match=f'max_pixels=4000 .*{MAX_PIXELS_KEY}'):
        Video(path)
    for decoder in DECODERS:  # the config's word goes before
        assert Video(path, [decoder], max_pixels=5000).read([1])[0].shape == (64, 64, 3)
    for bad in ('0', '-1', 'many', '1e9'):
        monkeypatch.setenv(MAX_PIXELS_KEY, bad)
        with pytest.raises(ValueError, match='must be a positive integer, got'):
            max_pixels()
    for value in (0, True, 1.5, 'x'):
        with pytest.raises(ValueError, match='max_pixels must be a positive integer'):
            TRANSFORMS.build(dict(type='VideoInit', max_pixels=value))


def test_images_have_the_same_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO()
    Image.new('RGB', (8192, 8192)).save(content, 'png')
    for decode in (mmcv.imfrombytes, mmcv.image.io.imfrombytes):
        with pytest.raises(UnreadableVideo, match='8192 x 8192 pixels'):
            decode(content.getvalue())
    small = io.BytesIO()
    Image.new('RGB', (8, 4)).save(small, 'jpeg')
    assert mmcv.imfrombytes(small.getvalue()).shape == (4, 8, 3)
    monkeypatch.setenv(MAX_PIXELS_KEY, '31')
    with pytest.raises(UnreadableVideo, match='8 x 4 pixels'):
        mmcv.imfrombytes(small.getvalue())


def test_frames_of_a_folder_have_it(tmp_path: Path) -> None:
    Image.new('RGB', (8192, 8192)).save(tmp_path / 'img_00001.jpg')
    request = dict(
        frame_dir=str(tmp_path), filename_tmpl='img_{:05}.jpg', frame_inds=np.array([1]), offset=0,
        modality='RGB', start_index=1,
    )  # fmt: skip
    with pytest.raises(UnreadableVideo, match='8192 x 8192 pixels'):
        TRANSFORMS.build(dict(type='RawFrameDecode'))(request)


def test_prediction_answers_the_others(
    large: Path,
    secret: Path,
    tiny_arch: dict,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not a process that ends with bad_alloc, and the third video without an answer."""
    good = encode(secret.parent / 'good.avi')
    arch = secret.parent / 'tiny.json'
    arch.write_text(json.dumps(tiny_arch))
    call = ['--labels', 'a', 'b', '--random-weights', '--num-frames', '1', '--arch', str(arch)]
    assert predict.main([str(good), str(large), str(good), *call]) == 1
    said = capsys.readouterr()
    assert said.out.count(str(good)) == 2 and '8192 x 8192 pixels' in said.err
    monkeypatch.setenv(MAX_PIXELS_KEY, '1')  # so that it is put back afterwards
    assert predict.main([str(good), *call, '--max-pixels', '4095']) == 1
    assert '64 x 64 pixels, more than max_pixels=4095' in capsys.readouterr().err
