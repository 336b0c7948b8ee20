"""Small videos of many formats, whose frames show their own number.

Usage: python numbered_videos.py FOLDER      writes all of FORMATS; a reason instead, where the
                                             installed FFmpeg has no encoder
A process of its own has to write them: once decord is loaded, PyAV's VP9 encoder does not start.
"""

import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition

ROWS, COLUMNS = 2, 5  # cells of a frame: a light one, eight bits, a dark one
DARK, LIGHT = (40, 20, 90), (235, 190, 130)
RATE = 16000  # of sound, in samples per second


H264, HEVC, VP9, AV1 = 'libx264', 'libx265', 'libvpx-vp9', 'libsvtav1'
OPEN_GOP = {'x264-params': 'open-gop=1:keyint=12:min-keyint=12:bframes=3:b-adapt=0:scenecut=0'}
QUIET = {'x265-params': 'log-level=error:keyint=12'}  # groups of pictures are open by default
CLOSED = {'x265-params': 'log-level=error:keyint=12:open-gop=0'}
PAUSES = [number + number // 5 * 7 for number in range(40)]
FRAGMENTS = dict(movflags='frag_keyframe+empty_moov')

# File names and what write_numbered gets for them.
FORMATS: dict[str, dict] = {
    'h264.mp4': dict(),
    'h264_audio.mp4': dict(audio=True),
    'h264_cover.mp4': dict(cover=True),
    'h264_open_gop.mp4': dict(**OPEN_GOP),
    'h264_refresh.mp4': {'x264-params': 'intra-refresh=1:keyint=12'},
    'h264_fragments.mp4': dict(muxer=FRAGMENTS),
    'h264_no_edit_list.mp4': dict(muxer=dict(use_editlist='0')),
    'h264_late.mp4': dict(ticks=[number + 30 for number in range(40)]),
    'h264_cut.mp4': dict(
        ticks=[number - 5 for number in range(40)], muxer=dict(avoid_negative_ts='disabled')
    ),
    'h264_pauses.mp4': dict(ticks=PAUSES),
    'h264_one.mp4': dict(frames=1),
    'h264_three.mp4': dict(frames=3),
    'h264_odd.mp4': dict(size=(47, 63), pix_fmt='yuv444p'),
    'h264_10bit.mp4': dict(pix_fmt='yuv420p10le'),
    'h264_full_range.mp4': dict(full_range=True),
    'h264.mov': dict(),
    'h264.mkv': dict(),
    'h264_late.mkv': dict(ticks=[number + 30 for number in range(40)]),
    'h264_pauses.mkv': dict(ticks=PAUSES),
    'h264.avi': dict(),
    'h264.flv': dict(),
    'h264.ts': dict(),
    'hevc.mp4': dict(codec=HEVC, **QUIET),
    'hevc_closed.mp4': dict(codec=HEVC, **CLOSED),
    'hevc_10bit.mp4': dict(codec=HEVC, pix_fmt='yuv420p10le', **CLOSED),
    'vp8.webm': dict(codec='libvpx'),
    'vp9.webm': dict(codec=VP9, **{'auto-alt-ref': '1', 'lag-in-frames': '16'}),
    'vp9_odd.webm': dict(codec=VP9, size=(47, 63)),
    'vp9_10bit.webm': dict(codec=VP9, pix_fmt='yuv420p10le', profile='2'),
    'vp9_pauses.webm': dict(codec=VP9, ticks=PAUSES),
    'av1.mp4': dict(codec=AV1, preset='5', crf='10'),
    'av1.webm': dict(codec=AV1, preset='5', crf='10'),
    'av1_10bit.mp4': dict(codec=AV1, preset='5', crf='10', pix_fmt='yuv420p10le'),
    'mpeg4.mp4': dict(codec='mpeg4'),
    'mpeg4_odd.mp4': dict(codec='mpeg4', size=(47, 63)),
    'mpeg4_b.mp4': dict(codec='mpeg4', bf='2'),
    'mpeg4.avi': dict(codec='mpeg4'),
    'mpeg4_b.avi': dict(codec='mpeg4', bf='2'),
    'mpeg4_one.avi': dict(codec='mpeg4', frames=1),
    'mjpeg.avi': dict(codec='mjpeg', pix_fmt='yuvj420p'),
    'mjpeg_odd.avi': dict(codec='mjpeg', pix_fmt='yuvj420p', size=(47, 63)),
    'mpeg2.mpg': dict(codec='mpeg2video', fps=25, bf='2'),
    'wmv2.wmv': dict(codec='wmv2'),
    'turned_90.mov': dict(turned=90),
    'turned_180.mov': dict(turned=180),
    'turned_270.mp4': dict(turned=270),
}


def frame_of(number: int, height: int, width: int) -> np.ndarray:
    """A frame, uint8 [height, width, 3], that shows a number below 256 as a pattern of cells."""
    bits = [1, *((number >> shift) & 1 for shift in reversed(range(8))), 0]
    rows = np.arange(height) * ROWS // height
    columns = np.arange(width) * COLUMNS // width
    cells = np.reshape(bits, (ROWS, COLUMNS))[rows][:, columns]  # [height, width]
    return np.where(cells[..., None], LIGHT, DARK).astype(np.uint8)


def number_of(frame: np.ndarray) -> int:
    """The number that a frame shows, -1 where it is turned or damaged."""
    bits = []
    for row in np.array_split(frame.astype(float).mean(2), ROWS, axis=0):
        for cell in np.array_split(row, COLUMNS, axis=1):
            height, width = cell.shape
            middle = cell[height // 4 : -(height // 4), width // 4 : -(width // 4)]
            bits.append(int(middle.mean() > (sum(DARK) + sum(LIGHT)) / 6))
    if bits[0] != 1 or bits[-1] != 0:
        return -1
    return int(''.join(map(str, bits[1:-1])), 2)


def write_numbered(
    path: Path,
    codec: str = H264,
    *,
    frames: int = 40,
    size: tuple[int, int] = (64, 80),
    pix_fmt: str = 'yuv420p',
    fps: int = 10,
    ticks: list[int] | None = None,
    audio: bool = False,
    cover: bool = False,
    muxer: dict | None = None,
    gop: int = 12,
    full_range: bool = False,
    turned: int = 0,
    **options: str,
) -> Path:
    """Encodes a video whose frame i shows i.

    Args:
        path: File; its suffix decides the container.
        codec: Encoder.
        frames: Number of frames.
        size: Height and width.
        pix_fmt: Pixel format.
        fps: Frames per second.
        ticks: When each frame is shown, in 1 / fps; by default one after the other.
        audio: Whether there is a sound track too.
        cover: Whether there is a picture on a cover, which is a video stream of its own.
        muxer: Options of the container.
        gop: Frames from one key frame to the next.
        full_range: Whether the colours are marked as full range.
        turned: By how many degrees players turn the picture clockwise (MP4 and MOV).
        options: Options of the encoder.
    """
    with av.open(str(path), 'w', options=muxer or {}) as container:
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.height, stream.width = size
        stream.pix_fmt = pix_fmt
        stream.gop_size = gop
        if full_range:
            stream.codec_context.color_range = 2
        sound = add_sound(container) if audio else None
        if cover:
            write_cover(container)
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(frame_of(number, *size), format='rgb24')
            if full_range:
                picture = picture.reformat(format=pix_fmt, dst_color_range='JPEG')
            picture.time_base = Fraction(1, fps)
            picture.pts = number if ticks is None else ticks[number]
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
        if sound is not None:
            write_silence(container, sound, frames / fps)
    return turn(path, turned) if turned else path


def write_sound(path: Path, cover: bool = False) -> Path:
    """Encodes a second of silence, with or without the picture on a cover."""
    with av.open(str(path), 'w') as container:
        sound = add_sound(container)
        if cover:
            write_cover(container)
        write_silence(container, sound, 1)
    return path


def add_sound(container: av.container.OutputContainer) -> av.AudioStream:
    return container.add_stream('aac', rate=RATE, layout='mono')


def write_silence(
    container: av.container.OutputContainer, stream: av.AudioStream, seconds: float
) -> None:
    silence = np.zeros((1, round(RATE * seconds)), np.float32)
    frame = av.AudioFrame.from_ndarray(silence, format='fltp', layout='mono')
    frame.sample_rate = RATE
    container.mux(stream.encode(frame))
    container.mux(stream.encode())


def write_cover(container: av.container.OutputContainer) -> None:
    """A white picture; all other streams have to be there already."""
    stream = container.add_stream('mjpeg', rate=1)
    stream.height, stream.width, stream.pix_fmt = 96, 96, 'yuvj420p'
    stream.disposition = Disposition.attached_pic
    white = av.VideoFrame.from_ndarray(np.full((96, 96, 3), 255, np.uint8), format='rgb24')
    container.mux(stream.encode(white))
    container.mux(stream.encode())


def cover_first(path: Path) -> Path:
    """Makes the cover of an MP4 file the first of its streams."""
    content = path.read_bytes()
    start = content.index(b'moov') - 4  # a box: its length, its name, what it holds
    end = start + int.from_bytes(content[start : start + 4], 'big')
    header, *boxes = _boxes(content[start + 8 : end])
    boxes.sort(key=lambda box: box[4:8] != b'udta')  # which holds the cover
    path.write_bytes(content[: start + 8] + header + b''.join(boxes) + content[end:])
    return path


def _boxes(content: bytes) -> list[bytes]:
    boxes = []
    while content:
        length = int.from_bytes(content[:4], 'big')
        boxes.append(content[:length])
        content = content[length:]
    return boxes


def turn(path: Path, degrees: int) -> Path:
    """Writes into an MP4 or MOV file that players have to turn the picture clockwise."""
    one, zero = 1 << 16, 0
    cos, sin = {90: (zero, one), 180: (-one, zero), 270: (zero, -one)}[degrees]
    content = bytearray(path.read_bytes())
    matrix = content.index(b'tkhd') + 4 + 4 + 20 + 16  # version 0: times, ids, layer, volume
    values = (cos, sin, 0, -sin, cos, 0, 0, 0, 1 << 30)
    content[matrix : matrix + 36] = np.array(values, '>i4').tobytes()
    path.write_bytes(content)
    return path


def main(folder: Path) -> None:
    for name, arguments in FORMATS.items():
        try:
            write_numbered(folder / name, **arguments)
        except (av.error.FFmpegError, ValueError) as error:
            (folder / name).unlink(missing_ok=True)
            (folder / f'{name}.skipped').write_text(f'{error}')


if __name__ == '__main__':
    main(Path(sys.argv[1]))
