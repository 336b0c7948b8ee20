"""All decoders return the same colour for every way to encode it."""

from pathlib import Path

import av
import numpy as np
import pytest
from mmaction.registry import TRANSFORMS
from PIL import Image

from actionclip_mm.decoding import DECODERS, Video

# matrix, whether the range is full, and Y, U, V of red by BT.601 and BT.709 (both ranges)
REDS = {
    ('smpte170m', False): (81, 90, 240),
    ('smpte170m', True): (76, 85, 255),
    ('bt709', False): (63, 102, 240),
    ('bt709', True): (54, 99, 255),
    (None, False): (81, 90, 240),  # a file that says nothing is read as BT.601
}


def write_red(path: Path, matrix: str | None, full: bool) -> None:
    y, u, v = REDS[matrix, full]
    planes = [np.full(size, value) for size, value in ((64 * 48, y), (768, u), (768, v))]
    frame = np.concatenate(planes).astype(np.uint8).reshape(72, 64)
    options = [f'colormatrix={matrix}'] if matrix else []
    options += ['fullrange=on'] if full else []
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuvj420p' if full else 'yuv420p'
        stream.options = {'crf': '1', 'x264-params': ':'.join(options)}
        for _ in range(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, stream.pix_fmt)))
        container.mux(stream.encode())


@pytest.mark.parametrize('matrix, full', REDS)
@pytest.mark.parametrize('decoder', DECODERS)
def test_decoders_follow_the_matrix_and_the_range_of_the_file(
    matrix: str | None, full: bool, decoder: str, tmp_path: Path
) -> None:
    """The other matrix would be 22 grey levels away, BGR 255."""
    write_red(tmp_path / 'red.mp4', matrix, full)
    (frame,) = Video(str(tmp_path / 'red.mp4'), [decoder]).read(np.array([2]))
    assert np.abs(frame.astype(int) - (255, 0, 0)).max() <= 3


@pytest.mark.parametrize('suffix', ['png', 'jpg'])
@pytest.mark.parametrize('mode', ['RGB', 'L'])
def test_extracted_frames_have_the_bytes_of_pillow(suffix: str, mode: str, tmp_path: Path) -> None:
    """The released code opens them with Pillow."""
    picture = np.random.randint(0, 256, (12, 16, 3), dtype=np.uint8)
    Image.fromarray(picture).convert(mode).save(tmp_path / f'img_00001.{suffix}')
    expected = np.asarray(Image.open(tmp_path / f'img_00001.{suffix}').convert('RGB'))
    read = TRANSFORMS.build(dict(type='RawFrameDecode'))
    results = dict(frame_dir=str(tmp_path), filename_tmpl=f'img_{{:05d}}.{suffix}', offset=0)
    (frame,) = read(results | dict(frame_inds=np.array([1]), modality='RGB'))['imgs']
    assert np.array_equal(frame, expected)
    still = TRANSFORMS.build(dict(type='ImageDecode'))
    results = dict(filename=str(tmp_path / f'img_00001.{suffix}'), modality='RGB')
    assert np.array_equal(still(results)['imgs'][0], expected)
