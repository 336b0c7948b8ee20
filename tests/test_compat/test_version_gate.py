"""mmaction2 is imported with onedl-mmcv 2.2-2.3, which its own gate refuses; the window is ours."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys, mmcv, mmengine
mmcv.__version__ = sys.argv[1]
import actionclip_mm, mmaction
assert mmcv.__version__ == sys.argv[1]
from mmaction.registry import MODELS
assert 'CLIPRecognizer' in MODELS and 'Recognizer3D' in MODELS
"""


@pytest.mark.parametrize(
    ('version', 'refused'), [('2.3.6', ''), ('2.4.0', 'mmcv >= 2.0.0rc4 and < 2.4.0, but 2.4.0')]
)
def test_the_gate_is_passed_within_the_window(version: str, refused: str) -> None:
    command = [sys.executable, '-W', 'ignore', '-c', SCRIPT, version]
    process = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (process.returncode == 0) == (not refused), process.stderr
    assert refused in process.stderr
