"""Files that ship with the package but are not Python modules of it: configs, the mini CLIP."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """Path of a shipped file or folder.

    Args:
        name: Relative path, such as ``configs``. It is looked up under ``actionclip_mm/.mim``
            (an installed package), then next to the package (a checkout).

    Raises:
        FileNotFoundError: Neither has it.
    """
    places = [folder / name for folder in (PACKAGE / '.mim', PACKAGE.parent)]
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(
        f"'{name}' is missing from this installation of actionclip_mm (looked for "
        f'{", ".join(map(str, places))}): reinstall the package.'
    )
