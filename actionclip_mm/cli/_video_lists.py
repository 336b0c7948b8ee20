"""Videos on a command line: paths, folders, patterns, and files that list them."""

import argparse
import glob
import os
from pathlib import Path

from ..utils import read_text
from ._arguments import Parser, existing_file


def add_videos(parser: Parser, more: str = '') -> None:
    """Options that name the videos.

    Args:
        parser: The parser of the command.
        more: Text at the end of the help of the paths.
    """
    add = parser.add_argument
    add(
        'videos',
        nargs='*',
        metavar='VIDEO',
        help='video files, folders of videos, folders of the frames\n'
        f'of a video, glob patterns, @FILE with one of these per line{more}',
    )
    add('--videos-file', type=existing_file, metavar='FILE', help='the same as @FILE')


def read_lists(args: argparse.Namespace) -> None:
    """Replace ``@FILE`` and ``--videos-file`` by the lines of the file, in ``args.videos``.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A file without lines.
    """
    listed = [f'@{args.videos_file}'] if args.videos_file else []
    args.videos = [video for given in (*args.videos, *listed) for video in _lines(given)]


def check_videos(videos: list[str]) -> None:
    """Raise ValueError or OSError if none of the videos exists, before slow imports."""
    if not videos:
        raise ValueError('no videos were given.')
    patterns = any(glob.has_magic(video) for video in videos)
    if not patterns and not any(map(os.path.exists, videos)):
        raise FileNotFoundError(f"no such file or folder: '{videos[0]}'")


def _lines(given: str) -> list[str]:
    path = given.removeprefix('@')
    if path == given or os.path.exists(given):
        return [given]
    if not os.path.isfile(path):
        raise FileNotFoundError(f"no such list of videos: '{path}'")
    found = [line.strip() for line in read_text(Path(path)).split('\n') if line.strip()]
    if not found:
        raise ValueError(f"'{path}' lists no videos: write one path per line.")
    return found
