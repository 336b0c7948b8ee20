"""Scripts end as commands do."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_tool_begins_and_ends_this_way() -> None:
    """What can be started imports ``_entry`` before anything slow, and ends by ``run_tool``."""
    tools = [
        path
        for path in (ROOT / 'tools').rglob('*.py')
        if "__name__ == '__main__'" in path.read_text(encoding='utf-8')
    ]
    assert len(tools) > 25
    for path in tools:
        text = path.read_text(encoding='utf-8')
        assert re.search(r"__name__ == '__main__':\n(    .*\n)*    run_tool\(", text), path
        imports = re.findall(r'^(?:from|import) (\w+)', text, re.MULTILINE)
        slow = [name for name in imports if name not in sys.stdlib_module_names]
        assert slow[0] == '_entry', path
