"""Encode a video again so that a few of its frames are read fast: small, with many key frames.

Frame i of the packed file is frame i of the original (docs/decoding.md), at its time, rotated as by
a player and scaled to a short side; sound is dropped. H.264 in MP4, by libx264.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..utils.whole_files import PART

LIMITED_RANGE, FULL_RANGE = 1, 2  # FFmpeg's numbers
PROBES = 4  # frames of a video whose error is measured


class Settings(NamedTuple):
    """How videos are encoded.

    Attributes:
        short_side: Pixels of the shorter side; smaller videos keep their size.
        gop: A key frame every so many frames.
        crf: libx264's constant rate factor: 0 is lossless, 51 the worst.
        preset: libx264's preset.
        fast_decode: Whether to leave out what is slow to decode: CABAC, the loop filter, weighted
            prediction and B-frames that others refer to. Files are a fifth larger.
    """

    short_side: int = 256
    gop: int = 12
    crf: int = 20
    preset: str = 'medium'
    fast_decode: bool = True


class Packed(NamedTuple):
    """What became of a video.

    Attributes:
        error: Why there is no packed file, or None.
        damage: What is wrong with the original although it was packed, or None.
        frames: Number of frames.
        psnr: Luma PSNR in dB of the packed frames against the scaled ones, over four frames.
        before: Bytes of the original.
        after: Bytes of the packed file.
    """

    error: str | None = None
    damage: str | None = None
    frames: int = 0
    psnr: float = 0.0
    before: int = 0
    after: int = 0


def check_encoder() -> None:
    """Refuse a PyAV without libx264.

    Raises:
        ImportError: It has none.
    """
    import av

    if 'libx264' not in av.codecs_available:
        raise ImportError(
            'This PyAV has no libx264, which writes H.264: install the wheel of the package index '
            '(pip install --force-reinstall av).'
        )


def pack_video(source: str, target: str, settings: Settings) -> Packed:
    """Write the packed copy of a video, whole or not at all.

    Args:
        source: The video.
        target: The ``.mp4`` to write; its folder is made.
        settings: How it is encoded.

    Returns:
        Frames, PSNR and sizes, or why there is no copy.
    """
    from ..decoding import UnreadableVideo

    folder, name = os.path.split(target)
    os.makedirs(folder, exist_ok=True)
    part = os.path.join(folder, f'.{name}.{os.getpid()}{PART}')
    try:
        packed = _pack(source, part, settings)
        if packed.error is None:
            with open(part, 'rb') as file:
                os.fsync(file.fileno())
            os.replace(part, target)
        return packed
    except MemoryError:
        raise
    except (UnreadableVideo, ValueError, RuntimeError, OSError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return Packed(error=lines[0].removeprefix(f'{source}: '))
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part)


def _pack(source: str, part: str, settings: Settings) -> Packed:
    from ..decoding.pyav_reader import PyAVReader
    from ..decoding.video_index import read_index

    index = read_index(source)
    reader = PyAVReader(index)
    total = len(index)
    probes = set(np.linspace(0, total - 1, PROBES).astype(int).tolist())
    kept = _encode(reader, part, settings, probes)
    packed = read_index(part)
    if len(packed) != total:
        return Packed(error=f'it has {total} frames, but its packed copy has {len(packed)}')
    damage = None
    if reader.missing:
        damage = f'{len(reader.missing)} of {total} frames cannot be decoded and repeat others'
        if 2 * len(reader.missing) > total:
            return Packed(error=damage)
    psnr = _psnr(PyAVReader(packed), kept)
    return Packed(None, damage, total, psnr, os.path.getsize(source), os.path.getsize(part))


def _encode(
    reader: Any, part: str, settings: Settings, probes: set[int]
) -> dict[int, np.ndarray]:  # fmt: skip
    """Write all frames, and return the luma of some as it was before encoding."""
    import av

    kept = {}
    index = reader.index
    rate = Fraction(index.fps or 25).limit_denominator(1001)
    with av.open(part, 'w', format='mp4', options=dict(movflags='+faststart')) as output:
        stream: Any = None
        for number, (frame, time, base) in enumerate(_timed(reader, rate)):
            if stream is None:
                width, height = packed_size(frame, settings.short_side)
                stream = output.add_stream('libx264', rate=rate)
                stream.width, stream.height, stream.pix_fmt = width, height, 'yuv420p'
                stream.codec_context.time_base = base
                stream.codec_context.thread_count = 1
                stream.options = _options(settings)
                for name in ('color_range', 'colorspace', 'color_primaries', 'color_trc'):
                    setattr(stream.codec_context, name, getattr(frame, name))
                stream.codec_context.color_range = LIMITED_RANGE
            picture = _scaled(frame, width, height)
            picture.pts, picture.time_base = time, base
            picture.pict_type = 0  # the encoder chooses
            if number in probes:
                kept[number] = picture.to_ndarray()[:height]  # Y of YUV 4:2:0
            output.mux(stream.encode(picture))
        output.mux(stream.encode())
    return kept


def _timed(reader: Any, rate: Fraction) -> Iterator[tuple[Any, int, Fraction]]:
    """Frames with their time and its unit, from 0; even ones if the file has no times."""
    times = reader.index.times - reader.index.times[0]
    for number, frame in enumerate(reader.walk()):
        if reader.index.timed and frame.time_base:
            yield frame, int(times[number]), frame.time_base
        else:
            yield frame, number, 1 / rate


def packed_size(frame: Any, short_side: int) -> tuple[int, int]:
    """Even width and height of a packed frame: the short side as given, never enlarged."""
    width, height = frame.width, frame.height
    if round(frame.rotation / 90) % 2:
        width, height = height, width
    scale = min(1.0, short_side / min(width, height))
    return tuple(max(2, 2 * round(side * scale / 2)) for side in (width, height))  # type: ignore[return-value]


def _scaled(frame: Any, width: int, height: int) -> Any:
    """The frame as yuv420p of that size, rotated."""
    import av

    quarters = round(frame.rotation / 90) % 4
    if quarters:
        rgb = np.rot90(frame.to_ndarray(format='rgb24'), quarters)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format='rgb24')
    full = frame.color_range == FULL_RANGE or frame.format.name.startswith('yuvj')
    ranges = dict(src_color_range='JPEG', dst_color_range='MPEG') if full else {}
    return frame.reformat(width, height, 'yuv420p', interpolation='BICUBIC', **ranges)


def _options(settings: Settings) -> dict[str, str]:
    gop = settings.gop
    params = f'keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0'
    if settings.fast_decode:
        params += ':cabac=0:no-deblock=1:weightb=0:weightp=0:b-adapt=0:b-pyramid=none'
    return {'crf': str(settings.crf), 'preset': settings.preset, 'x264-params': params}


def _psnr(reader: Any, kept: dict[int, np.ndarray]) -> float:
    """Luma PSNR in dB over some frames; 99 if they are equal."""
    errors = []
    for number, frame in enumerate(reader.walk()):
        if number in kept:
            luma = frame.to_ndarray(format='yuv420p')[: frame.height].astype(np.float32)
            errors.append(float(np.square(luma - kept[number]).mean()))
    error = float(np.mean(errors))
    return round(float(10 * np.log10(255**2 / error)), 2) if error else 99.0


def packed_names(paths: list[str]) -> dict[str, str]:
    """Path of each packed copy: with the suffix ``.mp4``, after the old one if two would be equal.

    Args:
        paths: Paths of a list, all different.
    """
    short = {path: str(Path(path).with_suffix('.mp4')) for path in paths}
    count: dict[str, int] = {}
    for name in short.values():
        count[name] = count.get(name, 0) + 1
    return {
        path: name if count[name] == 1 or name == path else f'{path}.mp4'
        for path, name in short.items()
    }
