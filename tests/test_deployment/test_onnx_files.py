"""onnxruntime gives the scores of the model, for any batch size, views and labels."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from actionclip_mm import ActionCLIPInferencer
from actionclip_mm.deployment import (
    export_onnx,
    export_text_tower,
    export_tokenizer,
    onnx_files,
)
from actionclip_mm.deployment.capture import check_torch

try:
    check_torch()
except ValueError as error:
    pytest.skip(str(error), allow_module_level=True)

FRAMES = 3  # of the models of conftest.py
PROMPTS = ('MeanP', 'Conv1D', 'LSTM', 'Transf', 'Transf_cls', 'Joint', 'Shift')


@torch.no_grad()
def expected_scores(
    inferencer: ActionCLIPInferencer, video: torch.Tensor, text: torch.Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and features by the parts that a test of the recognizer calls."""
    model, head = inferencer.model, inferencer.model.cls_head
    feats, _ = model.extract_feat(video, test_mode=True)
    counts = torch.full((text.shape[1],), len(text))
    logits = head.compare(head.embed(feats), text, counts).unflatten(0, video.shape[:2])
    scores = head.pool(logits, inferencer.matcher.temperature)
    feats = torch.nn.functional.normalize(head.embed(feats), dim=-1)
    return scores.numpy(), feats.unflatten(0, video.shape[:2]).numpy()


@pytest.mark.parametrize('prompt', PROMPTS)
def test_batches_of_every_prompt(
    prompt: str, inferencer_of: Callable, tmp_path: Path, record_property: Callable
) -> None:
    inferencer = inferencer_of(prompt)
    export_onnx(tmp_path / 'model.onnx', inferencer)
    session = onnxruntime.InferenceSession(tmp_path / 'model.onnx')
    for batch, views, rows, classes in ((1, 1, 1, 1), (3, 1, 16, 5), (8, 3, 2, 7)):
        video = torch.randn(batch, views, 3, FRAMES, 32, 32)
        text = torch.randn(rows, classes, 32)
        found = session.run(None, dict(video=video.numpy(), text=text.numpy()))
        for right, value in zip(expected_scores(inferencer, video, text), found, strict=True):
            difference = float(np.abs(right - value).max())
            record_property('agreement', (prompt, f'batch {batch}', difference))
            assert value.shape == right.shape and difference < 1e-5


def test_the_text_tower_encodes_new_labels(inferencer_of: Callable, tmp_path: Path) -> None:
    tokenizers = pytest.importorskip('tokenizers')
    inferencer = inferencer_of()
    export_text_tower(tmp_path / 'text.onnx', inferencer)
    export_tokenizer(tmp_path / 'tokenizer.json', inferencer)
    sentences = ["Don't walk!", 'a video of   juggling 3 balls, Café', 'words ' * 100]
    tokenizer = tokenizers.Tokenizer.from_file(str(tmp_path / 'tokenizer.json'))
    tokens = np.array([row.ids for row in tokenizer.encode_batch(sentences)])  # [S, L]
    encoder = inferencer.model.cls_head.label_encoder
    assert np.array_equal(tokens, encoder.tokenizer(sentences).numpy())
    session = onnxruntime.InferenceSession(tmp_path / 'text.onnx')
    for number in (1, 3):
        (text,) = session.run(None, dict(tokens=tokens[:number]))
        right = inferencer.encode_text(sentences, 'label_only')[:number]
        assert np.abs(text - right.numpy()).max() < 1e-5


def test_the_documented_table_has_every_prompt_and_batch() -> None:
    text = (Path(__file__).resolve().parents[2] / 'docs' / 'deploy.md').read_text()
    rows = re.findall(r'^\| (\w+) \|((?: \d\.\de-\d\d \|){3})$', text, re.M)
    assert [name for name, _ in rows] == list(PROMPTS)
    assert '| visual prompt | batch 1 | batch 3 | batch 8 |' in text
    assert all(float(cell) < 1e-5 for _, cells in rows for cell in cells.split('|')[:-1])


@pytest.mark.parametrize('opset', [7, 99])
def test_other_opsets_are_refused(opset: int, inferencer_of: Callable, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf'--opset must be in \[18, 23\], got {opset}'):
        export_onnx(tmp_path / 'model.onnx', inferencer_of(), opset=opset)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(onnx_files, 'PACKAGES', ('onnx', 'no_such_package'))
    with pytest.raises(ImportError, match=r'needs no_such_package: pip install .*\[onnx\]'):
        onnx_files.check_onnx()
