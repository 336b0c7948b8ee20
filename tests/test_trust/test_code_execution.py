"""Whatever reads weights or scores from outside runs none of the code that a file holds."""

import contextlib
import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import load_checkpoint
from torch import nn

from actionclip_mm.apis import ActionCLIPInferencer
from actionclip_mm.apis.building import load_strictly
from actionclip_mm.cli.convert import main as convert_main
from actionclip_mm.cli.export import main as export_main
from actionclip_mm.clip import build_clip
from actionclip_mm.clip.state_dict import has_openai_constants, read_content, read_state_dict
from actionclip_mm.evaluation import read_dump
from actionclip_mm.utils.pickles import is_torchscript

CONFIG = 'configs/mini/actionclip_mini_mean_p.py'
ROOT = Path(__file__).resolve().parents[2]


def predict(path: Path, load_tool: Callable, arch: dict) -> object:
    return ActionCLIPInferencer.from_clip(['a', 'b'], arch=arch, pretrained=str(path))


def to_actionclip(path: Path, load_tool: Callable, arch: dict) -> object:
    return convert_main([str(path), str(path.parent / 'o.pth')])


def interpolate(path: Path, load_tool: Callable, arch: dict) -> object:
    (path.parent / 'config.py').write_text('model = dict()\n')
    tool = load_tool('tools/analysis/interpolate.py')
    return tool.main([str(path), str(path), '--test', str(path.parent / 'config.py')])


ENTRIES: dict[str, Callable] = {
    'read_state_dict': lambda path, *_: read_state_dict(str(path)),
    'read_content': lambda path, *_: read_content(str(path)),
    'pretrained of build_clip': lambda path, _, arch: build_clip(arch, str(path)),
    'pretrained of the backbone': lambda path, _, arch: MODELS.build(
        dict(type='CLIPImageEncoder', arch=arch, pretrained=str(path))
    ),
    # tools/test.py and load_from
    'load_checkpoint': lambda path, *_: load_checkpoint(nn.Linear(1, 1), str(path)),
    # actionclip export, actionclip predict --checkpoint and tools/run_protocol.py
    'load_strictly': lambda path, *_: load_strictly(nn.Linear(1, 1), str(path)),
    'predictor': predict,
    'actionclip convert': to_actionclip,
    'interpolate.py': interpolate,
}
# mmengine's own loader keeps its kind of error
REFUSALS = {'load_checkpoint': pickle.UnpicklingError}


@pytest.mark.parametrize('entry', ENTRIES)
def test_weights_run_no_code(
    entry: str,
    evil_file: Callable,
    mark: Path,
    load_tool: Callable,
    tiny_arch: dict,
    capsys: pytest.CaptureFixture,
) -> None:
    path = evil_file('weights.pth')
    with pytest.raises(REFUSALS.get(entry, (ValueError, SystemExit))) as error:
        ENTRIES[entry](path, load_tool, tiny_arch)
    assert not mark.exists()
    message = str(error.value)
    if message == '2':  # of a command
        *_, message = capsys.readouterr().err.splitlines()
    assert 'weights.pth' in message and '\n' not in message


def test_looking_at_names_runs_no_code(evil_file: Callable, mark: Path) -> None:
    with contextlib.suppress(ValueError):  # a file that is no archive is read, and refused
        assert not has_openai_constants(str(evil_file('weights.pth')))
    assert not mark.exists()


@pytest.mark.filterwarnings('ignore')
def test_the_files_would_leave_their_mark(evil_file: Callable, mark: Path) -> None:
    """Or the tests above could not fail."""
    path = evil_file('weights.pth')
    try:
        if is_torchscript(path):
            torch.jit.load(str(path))
        else:
            torch.load(path, weights_only=False)
    except RuntimeError:  # a bare pickle: torch finds out after it was run
        pass
    assert mark.exists()


def test_scores_run_no_code(evil_dump: Path, mark: Path) -> None:
    with pytest.raises(ValueError, match='could run code'):
        read_dump(evil_dump)
    assert not mark.exists()


def test_written_configs_hold_no_code_of_others(
    tmp_path: Path,
    mark: Path,
    tiny_arch: dict,
    monkeypatch: pytest.MonkeyPatch,
    refused: Callable,
) -> None:
    """Names of files and of settings are written into a config, which is code."""
    monkeypatch.chdir(mark.parent)
    code = f"__import__('os').mkdir('{mark.name}')"
    source = tmp_path / f'x""" + str({code}) + r""".pt'
    torch.save(build_clip(tiny_arch).state_dict(), source)
    sidecar, out = tmp_path / 'open_clip_config.json', tmp_path / 'out.safetensors'
    tiny_arch['vision_cfg']['timm_model_pretrained'] = {f'a={code} or 1, b': 1}  # read by no ViT
    sidecar.write_text(json.dumps(dict(model_cfg=tiny_arch)))
    refused(convert_main, [source, out], 'cannot be the name of a setting')
    assert not out.with_suffix('.py').exists() and not out.exists()
    del tiny_arch['vision_cfg']['timm_model_pretrained']
    sidecar.write_text(json.dumps(dict(model_cfg=tiny_arch)))
    convert_main([str(source), str(out)])
    converted = Config.fromfile(out.with_suffix('.py'))
    assert not mark.exists()
    converted.model.cls_head.label_encoder.labels = ['a', 'b']
    converted.dump(tmp_path / 'trained.py')
    again = tmp_path / 'again.safetensors'
    renamed = source.rename(source.with_suffix('.safetensors'))
    renamed.write_bytes(out.read_bytes())
    export_main([str(renamed), '--config', str(tmp_path / 'trained.py'), str(again)])
    assert mark.name in again.with_suffix('.py').read_text()
    Config.fromfile(again.with_suffix('.py'))
    assert not mark.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    'call',
    [
        ('report_accuracy', '--preds', 'SCORES', '--coefficients', '1.0'),
        ('eval_metric', CONFIG, 'SCORES'),
        ('confusion_matrix', CONFIG, 'SCORES'),
    ],
)
def test_host_tools_run_no_code_of_scores(
    call: tuple[str, ...], evil_dump: Path, mark: Path, start_tool: Callable
) -> None:
    arguments = [str(evil_dump) if word == 'SCORES' else word for word in call]
    process = start_tool('tools/host.py', *arguments)
    output = process.communicate(timeout=120)
    assert process.returncode != 0 and not mark.exists()
    assert 'the .pkl file cannot be read' in str(output)


def test_nothing_else_is_imported_for_a_refusal(evil_file: Callable) -> None:
    """A name is looked up in a list, never by importing its module."""
    before = set(sys.modules)
    path = evil_file('weights.pth')
    path.write_bytes(b'\x80\x02cthis.is.evil\nname\n)R.')
    with pytest.raises(ValueError, match=r'weights.pth'):
        read_state_dict(str(path))
    assert not {name for name in set(sys.modules) - before if name.startswith('this')}
