"""The metrics of a test in a file: exact, and never an old one."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from actionclip_mm.engine.hooks import MetricsFileHook


def test_numbers_are_kept_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'metrics.json'
    hook = MetricsFileHook(str(path))
    hook.before_test(None)
    third = 1 / 3
    metrics = {'a': third, 'b': 3, 'c': np.float64(third), 'd': np.int64(3), 'e': torch.tensor([1])}
    hook.after_test_epoch(None, metrics)
    assert json.loads(path.read_text()) == {'a': third, 'b': 3, 'c': third, 'd': 3, 'e': [1]}


def test_an_old_file_does_not_survive_a_test_that_fails(tmp_path: Path) -> None:
    (tmp_path / 'metrics.json').write_text('{}')
    MetricsFileHook(str(tmp_path / 'metrics.json')).before_test(None)
    assert not (tmp_path / 'metrics.json').exists()


def test_other_endings() -> None:
    with pytest.raises(ValueError, match=r'must end in \.json'):
        MetricsFileHook('metrics.txt')
