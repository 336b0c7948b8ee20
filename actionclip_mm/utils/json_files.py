"""Reading JSON files that people write or download."""

import json
from pathlib import Path
from typing import Any


def read_json_object(path: Path, wanted: str) -> dict[str, Any]:
    """Content of a JSON file that holds an object.

    Args:
        path: The file, which is there.
        wanted: What it should be, for the message.

    Raises:
        ValueError: It is no UTF-8 text, no JSON, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding='utf-8-sig'))
    except (ValueError, RecursionError) as error:  # also numbers of too many digits
        raise ValueError(f"'{path}' cannot be read as JSON ({error}): mend that place.") from error
    if not isinstance(content, dict):
        raise ValueError(f"'{path}' holds no JSON object: give {wanted}.")
    return content
