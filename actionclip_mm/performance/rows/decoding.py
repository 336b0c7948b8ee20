"""Rows of reading videos: frames of a file to RGB arrays."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..measuring import Way
from ..registry import Comparison, Options, RowSkipped, row

RATE = 30  # frames per second
LOOP = 60  # frames after which the content repeats
TEST = 'tests/test_decoding/test_needed_frames.py::test_the_default_order_has_the_pixels_of_decord'
FAST = 'tests/test_decoding/test_needed_frames.py::test_fast_is_close'
INDEX = 'tests/test_decoding/test_index_cache.py::test_kept_indexes_are_fresh_ones'
BEFORE = dict(decoders=('decord', 'pyav', 'opencv'), only_needed=False, index_cache=False)
FILES: dict[str, dict[str, Any]] = {
    'dense': dict(size=(256, 340), frames=300, gop=12),
    'sparse': dict(size=(256, 340), frames=300, gop=250),
    '10min': dict(size=(360, 640), frames=900, gop=250, copies=20),
    '1080p': dict(size=(1080, 1920), frames=150, gop=250),
}


@row('decode-dense-keys', '8 frames of 340x256, a key frame in 12', '>= 1.4x', file='dense')
@row('decode-10min-8', '8 frames of 10 minutes, 640x360', '>= 1.3x, 1.9x CPU', file='10min')
@row('decode-10min-32', '32 frames of 10 minutes', '>= 1.3x, 1.9x CPU', file='10min', count=32)
@row('decode-sparse-keys', '8 frames, a key frame in 250', '>= 1.15x', file='sparse')
@row('decode-1080p-8', '8 frames of 150, 1920x1080', '>= 1.15x', file='1080p')
@row('decode-1080p-32', '32 frames of 150, 1920x1080', '>= 1.15x', file='1080p', count=32)
def decode(options: Options, file: str, count: int = 8) -> Comparison:
    """mmaction2's calls of decord, our chain as it was and as it is."""
    path, numbers = prepare_file(options, file, count)
    ways = {
        'mmaction2, decord': lambda: read_as_mmaction2(path, numbers),
        'decord first': reading(path, numbers, **BEFORE),
        'first reading': reading(path, numbers, index_cache=False),
        'later readings': reading(path, numbers),
    }
    switches = ('DecordInit', "decoders=('decord', …)", 'index_cache=False', 'default')
    return Comparison(
        [Way(*way, switch) for way, switch in zip(ways.items(), switches, strict=True)],
        difference=difference(ways.values()),
        test=TEST,
        unit='video',
        rounds={'10min': 3, '1080p': 5}.get(file),
    )


@row('decode-fast', '8 frames, a key frame in 250, without the loop filter', '', file='sparse')
def decode_fast(options: Options, file: str) -> Comparison:
    """The option that changes pixels."""
    path, numbers = prepare_file(options, file, 8)
    exact, fast = reading(path, numbers), reading(path, numbers, fast=True)
    ways = [
        Way('mmaction2, decord', lambda: read_as_mmaction2(path, numbers), 'DecordInit'),
        Way('exact', exact, 'default'),
        Way('fast', fast, 'fast=True'),
    ]
    return Comparison(ways, difference([exact, fast]), FAST, 'video')


@row('video-index', 'Frame index of 10 minutes', '', file='10min')
def video_index(options: Options, file: str) -> Comparison:
    """Scanning the packets, and what is kept of a scan."""
    from ...decoding import index_cache, read_index

    path, _ = prepare_file(options, file, 8)
    cache = options.scratch / 'indexes.sqlite'
    forget = index_cache.forget
    ways = [
        Way('scan', lambda: read_index(path), 'index_cache=False'),
        Way('cache file', lambda: index_cache.cached_index(path, cache=cache), prepare=forget),
        Way('memory', lambda: index_cache.cached_index(path, cache=cache), 'default'),
    ]
    index_cache.cached_index(path, cache=cache)
    same = all((way.call().times == read_index(path).times).all() for way in ways)  # type: ignore[operator]
    return Comparison(ways, 0.0 if same else float('nan'), INDEX, 'file')


def prepare_file(options: Options, file: str, count: int) -> tuple[str, list[int]]:
    """Write a video; returns its path and the centres of segments of equal length."""
    import os

    settings = FILES[file]
    if options.tiny:
        settings = settings | dict(size=(64, 80), frames=24, copies=1)
    path = options.scratch / f'{file}.mp4'
    write_clip(path, **settings)
    os.utime(path, (1e9, 1e9))  # an index of a file that was just written is not kept
    total = settings['frames'] * settings.get('copies', 1)
    return str(path), [int(total / count * (part + 0.5)) for part in range(count)]


def read_as_mmaction2(path: str, numbers: Sequence[int]) -> Any:
    """Frames as by ``DecordInit`` and ``DecordDecode``, which this package replaces in its runs."""
    import io

    try:
        import decord
    except ImportError:
        raise RowSkipped('decord is not installed, with which mmaction2 reads videos.') from None
    video = decord.VideoReader(io.BytesIO(Path(path).read_bytes()), num_threads=1)
    return list(video.get_batch(numbers).asnumpy())


def reading(path: str, numbers: Sequence[int], **options: Any) -> Callable[[], Any]:
    """Function that reads frames with our transforms."""
    from ...datasets.transforms import VideoDecode, VideoInit

    init, decode = VideoInit(**options, time_limit=None), VideoDecode()

    def read() -> Any:
        opened = init.transform(dict(filename=path, modality='RGB'))
        return decode.transform(opened | dict(frame_inds=list(numbers)))['imgs']

    return read


def difference(ways: Any) -> float:
    """Largest difference of a pixel."""
    import numpy as np

    from ..measuring import largest_difference

    return largest_difference([np.stack(call()).astype(np.int16) for call in ways])


def write_clip(path: Path, size: tuple[int, int], frames: int, gop: int, copies: int = 1) -> None:
    """Encode a texture that moves below a square, with x264's usual references between frames."""
    import av

    pictures = [
        av.VideoFrame.from_ndarray(picture, 'rgb24').reformat(format='yuv420p')
        for picture in _pictures(*size)
    ]
    packets = []
    with av.open(str(path), 'w') as container:
        options = dict(preset='veryfast', crf='23')
        stream: Any = container.add_stream('libx264', rate=RATE, options=options)
        stream.height, stream.width, stream.pix_fmt = *size, 'yuv420p'
        stream.gop_size = gop
        stream.codec_context.thread_count = 2
        for number in range(frames):
            picture = pictures[number % LOOP]
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            packets += stream.encode(picture)
        packets += stream.encode()
        length = round(frames / RATE / packets[0].time_base)
        times = [(packet.pts, packet.dts) for packet in packets]
        for copy in range(copies):
            for packet, (pts, dts) in zip(packets, times, strict=True):
                packet.stream, packet.time_base = stream, stream.codec_context.time_base
                packet.pts, packet.dts = pts + copy * length, dts + copy * length
                container.mux(packet)


def _pictures(height: int, width: int) -> Iterator[Any]:
    """One loop, uint8 [height, width, 3] each."""
    import cv2
    import numpy as np

    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (height // 8 + 30, width // 8 + 30, 3), dtype=np.uint8)
    texture = cv2.resize(coarse, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
    grain = random.integers(-3, 4, (height, width, 3))
    for number in range(LOOP):
        angle = 2 * np.pi * number / LOOP
        top, left = int(60 + 50 * np.sin(angle)), int(60 + 50 * np.cos(angle))
        picture = texture[top : top + height, left : left + width] + np.roll(grain, 7 * number, 1)
        picture = np.clip(picture, 0, 255).astype(np.uint8)
        left = 4 * number % (width - 20)
        picture[height // 3 : height // 2, left : left + width // 8] = (250, 40, 40)
        yield picture
