"""Open only containers that hold their own frames, within a pixel budget.

FFmpeg also opens playlists (HLS, DASH, ffconcat, SDP, numbered images), whatever their file name,
and reads the files or URLs they name. Containers in ``FORMATS`` name no other file. Decoders differ
in the formats they detect, so the first bytes are checked as well.
"""

import os
from pathlib import Path

from .errors import UnreadableVideo

# FFmpeg's names of containers and streams that hold their own frames.
FORMATS = (
    'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,flv,live_flv,asf,rm,ogg,mxf,nut,'
    'wtv,nsv,gxf,lxf,dv,dhav,swf,amv,mtv,nuv,pva,pmp,kux,xmv,thp,gif,apng,ivf,obu,av1,h261,'
    'h263,h264,hevc,vvc,evc,m4v,mpegvideo,vc1,vc1test,dirac,dnxhd,cavsvideo,mjpeg,mjpeg_2000,'
    'mpjpeg,yuv4mpegpipe,flic,roq,smk,bink,film_cpk,4xm,jpeg_pipe,png_pipe,webp_pipe,'
    'bmp_pipe,gif_pipe'
)
OPTIONS = dict(protocol_whitelist='file', format_whitelist=FORMATS)

HEAD = 4096  # bytes to check
TEXT = bytes({*range(32, 127), *b'\t\n\r\f\x1b'})
YUV = b'YUV4MPEG2 '  # a video whose header is text
MARKS = (b'#extm3u', b'ffconcat', b'v=0', b'<?xml', b'<mpd', b'<smil', b'<asx', b'[playlist]',
         b'[reference]', b'rtsptext', b'#!', b'http')  # fmt: skip

MAX_PIXELS = 8192 * 4320  # of a frame: 8K
MAX_PIXELS_KEY = 'ACTIONCLIP_MAX_PIXELS'  # in the environment, which worker processes share


def check_content(path: str) -> None:
    """Refuse a file that starts like a playlist or another text file.

    Raises:
        UnreadableVideo: The file is a text file.
        OSError: The file cannot be read.
    """
    with open(path, 'rb') as file:
        head = file.read(HEAD)
    head = head.removeprefix(b'\xef\xbb\xbf')
    if head.lstrip(b'\x00 \t\r\n').lower().startswith(MARKS):
        raise UnreadableVideo(f'{path}: it is a playlist, which names other files, not a video')
    if not head.startswith(YUV) and not head.translate(None, TEXT):
        raise UnreadableVideo(f'{path}: it is a text file, not a video file')


def max_pixels(wanted: int | None = None) -> int:
    """Pixel budget of a frame: ``wanted``, else the environment's, else 8K.

    Raises:
        ValueError: Not a positive integer.
    """
    value = os.environ.get(MAX_PIXELS_KEY, MAX_PIXELS) if wanted is None else wanted
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if number < 1 or isinstance(value, (bool, float)):
        name = MAX_PIXELS_KEY if wanted is None else 'max_pixels'
        raise ValueError(f'{name} must be a positive integer, got {value!r}.')
    return number


def check_size(path: str | Path, width: int, height: int, wanted: int | None = None) -> None:
    """Refuse frames above the pixel budget.

    Raises:
        UnreadableVideo: Frames are too large.
    """
    allowed = max_pixels(wanted)
    if width * height > allowed:
        raise UnreadableVideo(
            f'{path}: its frames have {width} x {height} pixels, more than max_pixels={allowed} '
            f'(set max_pixels, or {MAX_PIXELS_KEY} in the environment)'
        )


def max_coded_pixels(size: tuple[int, int]) -> str:
    """FFmpeg's ``max_pixels`` for a video, so that frames that grow mid-stream are not decoded.

    Args:
        size: Height and width in the header, 0 if unknown; decoders pad them.
    """
    height, width = size
    known = (height + 512) * (width + 512) if height and width else 0
    return str(max(known, max_pixels()))
