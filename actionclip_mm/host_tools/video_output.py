"""Videos and GIFs are written without moviepy."""

import io
import os.path as osp
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..compat import fix
from ..compat.fixes import is_importable
from ..utils.whole_files import write_bytes

FORMATS = {'.avi': 'avi', '.mkv': 'matroska', '.mov': 'mov', '.webm': 'webm'}  # others: mp4


def has_moviepy_editor() -> bool:
    """Whether ``moviepy.editor`` can be imported: moviepy is installed, and older than 2."""
    return is_importable('moviepy.editor')


class ClipWriter:
    """The part of moviepy's ImageSequenceClip that mmaction2 uses.

    Args:
        frames: Frames [H, W, 3] of uint8, RGB.
        fps: Frames per second.
    """

    def __init__(self, frames: Sequence[np.ndarray], fps: float) -> None:
        self.frames, self.fps = frames, fps

    def write_videofile(self, path: str, **_: Any) -> None:
        """Writes H.264, or MPEG-4 where FFmpeg was built without it; sides become even."""
        import av

        codec = 'libx264' if 'libx264' in av.codecs_available else 'mpeg4'
        height, width = (side - side % 2 for side in self.frames[0].shape[:2])
        encoded = io.BytesIO()
        with av.open(encoded, 'w', format=FORMATS.get(Path(path).suffix, 'mp4')) as container:
            stream: Any = container.add_stream(
                codec, rate=Fraction(self.fps).limit_denominator(1000)
            )
            stream.height, stream.width, stream.pix_fmt = height, width, 'yuv420p'
            for frame in self.frames:
                picture = np.ascontiguousarray(frame[:height, :width])
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
            container.mux(stream.encode())
        write_bytes(path, encoded.getvalue())

    def write_gif(self, path: str, **_: Any) -> None:
        """Writes a GIF that repeats."""
        from PIL import Image

        first, *others = [Image.fromarray(np.ascontiguousarray(frame)) for frame in self.frames]
        encoded = io.BytesIO()
        options = dict(append_images=others, duration=1000 / self.fps, loop=0)
        first.save(encoded, 'GIF', save_all=True, **options)
        write_bytes(path, encoded.getvalue())


@fix(lambda: not has_moviepy_editor())
def write_videos_without_moviepy() -> None:
    """``out_type='video'`` and ``'gif'`` need ``moviepy.editor``, which moviepy 2 no longer has.

    Browsing data sets and the inferencer write videos by default.
    """
    from mmaction.visualization.video_backend import LocalVisBackend

    LocalVisBackend.add_video = _add_video(LocalVisBackend.add_video)


def _add_video(add_frames: Callable) -> Callable:
    from mmengine.visualization.vis_backend import force_init_env

    @force_init_env
    def add_video(
        self: Any,
        name: str,
        frames: np.ndarray,
        step: int = 0,
        fps: int | None = 4,
        out_type: str = 'img',
        **kwargs: Any,
    ) -> None:
        if out_type not in ('gif', 'video'):
            add_frames(self, name, frames, step=step, fps=fps, out_type=out_type, **kwargs)
            return
        # the host hands over BGR here, and turns it round
        clip = ClipWriter([frame[..., ::-1] for frame in frames], fps=fps or 4)
        path = osp.join(self._save_dir, osp.splitext(name)[0])
        clip.write_gif(f'{path}.gif') if out_type == 'gif' else clip.write_videofile(f'{path}.mp4')

    return add_video
