"""``actionclip export --format``: files for other runtimes, and an example that runs them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import onnxruntime
import pytest
import torch
from safetensors.numpy import load_file

from actionclip_mm import ActionCLIPInferencer
from actionclip_mm.cli import _export_formats
from actionclip_mm.cli.export import main
from actionclip_mm.deployment.capture import check_torch
from actionclip_mm.utils.carried_files import carried

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = carried('data/mini_clip/samples')
# runs a script in a process where importing these fails
WITHOUT = """
import runpy, sys
for name in ('torch', 'mmaction', 'mmengine', 'mmcv', 'open_clip', 'safetensors', 'actionclip_mm'):
    sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


@pytest.fixture(scope='module')
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        check_torch()
    except ValueError as error:
        pytest.skip(str(error))
    out = tmp_path_factory.mktemp('exported') / 'mini'
    main(['mini', str(out), '--format', 'onnx', '--labels-file', str(SAMPLES / 'labels.txt')])
    return out


def test_onnxruntime_and_numpy_classify_as_predict(exported: Path) -> None:
    inferencer = ActionCLIPInferencer('mini', labels=str(SAMPLES / 'labels.txt'), device='cpu')
    files = [exported / 'model.onnx', exported / 'model_labels.safetensors']
    for video in sorted(SAMPLES.glob('*.mp4')):
        command = [sys.executable, '-c', WITHOUT, ROOT / 'examples' / 'classify_onnx.py']
        said = subprocess.run(
            [*command, *files, video], capture_output=True, text=True, check=True
        ).stdout
        lines = [line.rsplit(maxsplit=2) for line in said.splitlines()]
        answer = inferencer(str(video))
        assert lines[0][0] == answer.label
        probabilities = dict(zip(answer.labels, answer.scores, strict=True))
        for label, percent, _ in lines:
            assert float(percent) / 100 == pytest.approx(probabilities[label], abs=1e-3)


def test_banks_of_other_labels(exported: Path, tmp_path: Path) -> None:
    out = str(tmp_path / 'other.safetensors')
    main(['mini', out, '--format', 'text-bank', '--labels', 'two red dots', 'a dog'])
    text = load_file(out)['text']
    assert text.shape == (16, 2, 128)
    session = onnxruntime.InferenceSession(exported / 'model.onnx')
    shape = [1 if isinstance(size, str) else size for size in session.get_inputs()[0].shape]
    video = torch.zeros(shape).numpy()
    assert session.run(None, dict(video=video, text=text))[0].shape == (1, 2)


def test_weights_in_one_file(tmp_path: Path) -> None:
    out = tmp_path / 'model.safetensors'
    main(['mini', str(out), '--format', 'safetensors', '--labels', 'a dog', 'a cat'])
    again = ActionCLIPInferencer.from_pretrained(out, device='cpu')
    right = ActionCLIPInferencer('mini', labels=['a dog', 'a cat'], device='cpu')
    video = str(next(SAMPLES.glob('*.mp4')))
    assert again(video).scores == pytest.approx(right(video).scores, abs=1e-6)
    main([str(out), str(tmp_path / 'folder')])  # what was exported can be exported
    config = json.loads((tmp_path / 'folder' / 'config.json').read_text())
    assert config['labels'] == ['a dog', 'a cat']


REFUSED = {
    'suffix': (['mini', 'x.pt2', '--format', 'onnx'], "writes .onnx files, got 'x.pt2'"),
    'opset': (['mini', 'x.onnx', '--opset', '7'], r'--opset must be in \[18, 23\], got 7'),
    'opset of another format': (['mini', 'x.pt2', '--opset', '20'], '--opset needs --format onnx'),
    'text tower': (['mini', 'x.pt2', '--text-tower'], '--text-tower needs --format onnx'),
    'layout': (['mini', 'x.onnx', '--layout', 'open_clip'], 'are for weights without --format'),
    'no labels': (['mini', 'x.onnx'], 'labels must be given'),
    'labels of weights': (['mini', 'x.pth', '--labels', 'a'], '--labels has no effect'),
    'opset of a folder': (['mini', 'folder', '--opset', '20'], '--opset has no effect'),
    'no such file': (['gone/x.pth', 'x.onnx'], 'no such file'),
    'no such model': (['ViT-Z-99', 'x.onnx', '--labels', 'a'], 'ViT-Z-99'),
}


@pytest.mark.parametrize('case', REFUSED)
def test_refusals(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Callable
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(main, *REFUSED[case])
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_without_a_description(tmp_path: Path, refused: Callable) -> None:
    torch.save(dict(state_dict={'a': torch.ones(1)}), tmp_path / 'old.pth')
    out = tmp_path / 'x.onnx'
    refused(main, [tmp_path / 'old.pth', out], 'does not describe its model.*add --config')
    out.touch()
    refused(main, [tmp_path / 'old.pth', out], 'exists: choose another name or add --force')


def test_a_missing_package_ends_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Callable
) -> None:
    for name in ('onnxscript', 'onnxruntime'):
        monkeypatch.setitem(sys.modules, name, None)
    words = r"needs onnxscript and onnxruntime: pip install 'actionclip_mm\[onnx\]'"
    refused(main, ['mini', tmp_path / 'x.onnx', '--labels', 'a'], words)


def test_no_format_loads_a_model_before_its_checks(monkeypatch, tmp_path, refused) -> None:
    monkeypatch.setattr(_export_formats, 'load_inferencer', lambda args: 1 / 0)
    (tmp_path / 'file').touch()
    out = tmp_path / 'file' / 'model.onnx'
    refused(main, ['mini', out], f"'{out}' was not written: Not a directory")
