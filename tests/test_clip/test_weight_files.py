"""Equal weights are equal files: their SHA-256 tells them apart."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from actionclip_mm.clip.weight_files import sha256, write_weights

WRITE = """
import sys, torch
from actionclip_mm.clip.weight_files import sha256, write_weights
state = {f'layer.{i}': torch.arange(6.).reshape(2, 3) * i for i in range(9)}
state['half'] = torch.ones(5, dtype=torch.float16)
meta = {f'key {i}': f'value {i}' for i in range(9)}
write_weights(sys.argv[1], state, meta)
print(sha256(sys.argv[1]))
"""


@pytest.mark.parametrize('suffix', ['.safetensors', '.pth'])
def test_two_processes_write_the_same_file(suffix: str, tmp_path: Path) -> None:
    command = [sys.executable, '-W', 'ignore', '-c', WRITE]
    hashes = {
        subprocess.check_output([*command, str(tmp_path / f'{i}{suffix}')], text=True)
        for i in range(2)
    }
    assert len(hashes) == 1


def test_the_same_weights_many_times(tmp_path: Path) -> None:
    """The library's own order changes within a process, too."""
    state = {'b': torch.randn(3), 'a': torch.randn(2, 2).half(), 'c': torch.tensor(True)}
    meta = {f'key {i}': 'é"\\' for i in range(20)}
    path = tmp_path / 'a.safetensors'
    hashes = set()
    for _ in range(10):
        write_weights(path, state, meta)
        hashes.add(sha256(path))
    assert len(hashes) == 1
    with safe_open(path, 'pt') as file:
        assert file.metadata() == {'format': 'pt', **meta}
        for name, value in state.items():
            torch.testing.assert_close(file.get_tensor(name), value)
