"""Files that every installation carries besides the modules: configs, tools, the mini CLIP."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def carried(name: str) -> Path:
    """Path of a carried file or folder.

    Args:
        name: Relative to the root of a checkout, such as 'configs' or 'tools/train.py'.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    # of an installation, which is links where it is editable; of a checkout on PYTHONPATH
    for folder in (PACKAGE / '.mim', PACKAGE.parent):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(
        f"This installation of actionclip_mm lacks '{name}': install it again with pip."
    )


def find_file(path: str) -> str:
    """``path`` itself if it exists, or else the carried file of that name, if there is one."""
    if Path(path).is_absolute() or Path(path).exists():
        return path
    try:
        return str(carried(path))
    except FileNotFoundError:
        return path
