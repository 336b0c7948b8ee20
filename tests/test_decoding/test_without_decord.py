"""decord has no wheels for ARM: everything works where it cannot be imported."""

import os
import subprocess
import sys

SCRIPT = """
import importlib.util, sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == 'decord':
            raise ModuleNotFoundError("No module named 'decord'", name='decord')

sys.meta_path.insert(0, Block())
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == 'decord' else find(name, *rest)
sys.argv = ['actionclip', 'predict', '--arch', 'mini', '--topk', '1']
from actionclip_mm.cli import main
main()
"""


def test_predictions_without_decord() -> None:
    done = subprocess.run(
        [sys.executable, '-c', SCRIPT],
        capture_output=True,
        text=True,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('%') == 4 and 'dotted blue square' in done.stdout
