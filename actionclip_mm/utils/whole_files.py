"""Write files whole: whatever happens, a path holds its old content or its new one.

Content goes to a temporary file in the same folder, reaches the disk and is renamed. Errors name
the path, the cause and what to change. Standard library only: tools load it before what is slow.
"""

import errno
import io
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PART = '.part'  # the end of the names of files that are being written
LONGEST_STEM = 100  # bytes of a temporary name that repeat the final one; systems allow 255

ADVICE = {
    errno.ENOSPC: 'free space on that disk or choose another one',
    errno.EDQUOT: 'free space in your quota or choose another disk',
    errno.EFBIG: 'raise the limit on file sizes (ulimit -f) or choose another disk',
    errno.EROFS: 'choose a disk that can be written',
    errno.EACCES: 'choose a folder that you may write to',
    errno.EPERM: 'choose a folder that you may write to',
    errno.ENAMETOOLONG: 'choose a shorter name',
    errno.ENOTDIR: 'choose a path whose folders are folders',
    errno.EISDIR: 'give the path of a file',
}


def write_bytes(path: str | Path, content: bytes) -> None:
    """Replace a file by new content, making its folder. Links and permissions stay.

    Raises:
        OSError: The file was not written; the message names it, the cause and what to change.
    """
    with name_errors(path):
        target = os.path.realpath(path)  # a link stays one
        if os.path.exists(target) and not os.path.isfile(target):  # /dev/stdout, a pipe
            Path(target).write_bytes(content)
            return
        os.makedirs(os.path.dirname(target), exist_ok=True)
        mode = _mode_for(target)
        folder, name = os.path.split(target)
        stem = os.fsencode(name)[:LONGEST_STEM].decode(errors='ignore')
        handle, part = tempfile.mkstemp(PART, f'.{stem}.', folder)
        try:
            with os.fdopen(handle, 'wb') as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(part, mode)
            os.replace(part, target)
        except BaseException:
            os.unlink(part)
            raise


def write_text(path: str | Path, text: str, errors: str = 'strict') -> None:
    """Replace a file by UTF-8 text, as :func:`write_bytes` does.

    Args:
        path: The file.
        text: Its content; line ends are written as they are.
        errors: What becomes of file names that are not UTF-8: ``'strict'`` refuses them,
            ``'backslashreplace'`` writes ``\\udcff``, for files that people read.

    Raises:
        OSError: The file was not written.
        ValueError: The text holds a file name that is not UTF-8.
    """
    try:
        content = text.encode('utf-8', errors)
    except UnicodeEncodeError as error:
        start = text.rfind('\n', 0, error.start) + 1
        line = text[start:].split('\n', 1)[0].encode('utf-8', 'backslashreplace').decode()
        raise ValueError(
            f"'{path}' was not written: a file name in it is not UTF-8 ({line[:200]}): rename it."
        ) from None
    write_bytes(path, content)


def write_json(path: str | Path, content: Any, indent: int | None = 1) -> None:
    """Replace a file by :func:`to_json` of some content and a line end."""
    write_text(path, to_json(content, indent) + '\n')


def to_json(content: Any, indent: int | None = 1) -> str:
    """JSON that any reader accepts: no NaN, and file names that are not UTF-8 escaped.

    ``os.fsencode`` of a name that Python reads back gives the bytes of that name.

    Raises:
        ValueError: A number is NaN or infinite.
    """
    text = json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False)
    return re.sub('[\ud800-\udfff]', lambda found: f'\\u{ord(found[0]):04x}', text)


def write_figure(path: str | Path, figure: Any, **options: Any) -> None:
    """Replace a file by a figure of matplotlib, in the format that the suffix names."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format=Path(path).suffix[1:], **options)
    write_bytes(path, drawn.getvalue())


def check_writable(path: str | Path) -> None:
    """Find out whether a file can be written before the work whose result it will hold.

    Raises:
        OSError: As :func:`write_bytes` would, but for a full disk.
    """
    with name_errors(path):
        target = os.path.realpath(path)
        if os.path.isdir(target):
            raise IsADirectoryError(errno.EISDIR, 'it is a folder')
        if os.path.exists(target) and not os.path.isfile(target):
            return
        _mode_for(target)
        with suppress(FileNotFoundError):  # the name itself may be too long
            os.stat(target)
        folder = os.path.dirname(target)
        while not os.path.exists(folder):  # it will be made
            folder = os.path.dirname(folder)
        handle, part = tempfile.mkstemp(PART, '.', folder)
        os.close(handle)
        os.unlink(part)


def _mode_for(target: str) -> int:
    """Permissions of the new file: those of the old one, or the usual ones (mkstemp's are private).

    Raises:
        PermissionError: The old file is write-protected, which a rename would not notice.
    """
    if os.path.exists(target):
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, 'it is write-protected')
        return stat.S_IMODE(os.stat(target).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


@contextmanager
def name_errors(path: str | Path) -> Iterator[None]:
    """Give errors of the system while writing the path, the cause and the way out."""
    try:
        yield
    except OSError as error:
        shown = os.fsencode(path).decode('utf-8', 'backslashreplace')
        if len(shown) > 200:
            shown = f'{shown[:100]}…{shown[-60:]}'
        kept = False
        with suppress(OSError):
            kept = os.path.isfile(path)
        said = [f"'{shown}' was not written: {error.strerror or error}"]
        if kept:
            said.append('the old file is unchanged')
        if error.errno in ADVICE:
            said.append(ADVICE[error.errno])
        named = type(error)('; '.join(said) + '.')
        named.errno = error.errno
        raise named from error
