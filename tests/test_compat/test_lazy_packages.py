"""Importing name by name: the same objects and registries as importing everything."""

import json
import os
import subprocess
import sys
from importlib import import_module

import pytest

from actionclip_mm.compat import lazy_packages
from actionclip_mm.compat.lazy_packages import exports, mentions
from actionclip_mm.utils.carried_files import carried

# What a fresh process has loaded, what registries hold, and what packages export.
STATE = """
import json, sys
import actionclip_mm
from actionclip_mm.compat import lazy_registries
loaded = [name for name in sys.modules if name.startswith(('mmaction', 'mmengine'))]
from mmengine.registry import root as roots
import mmaction.registry
registries = {
    f'{module.__name__}.{name}': sorted(value.module_dict)
    for module in (roots, mmaction.registry)
    for name, value in sorted(vars(module).items())
    if isinstance(value, roots.Registry) and value.scope in ('mmaction', 'mmengine')
}
print(json.dumps(dict(loaded=len(loaded), registries=registries)))
"""


LAZY = dict(ACTIONCLIP_MM_LAZY='on')


def run(code: str, **environment: str) -> str:
    process = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        capture_output=True, text=True, timeout=600, env={**os.environ, **environment},
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.mark.slow
def test_registries_hold_the_same_as_with_all_imports() -> None:
    lazy = json.loads(run(STATE, **LAZY))
    eager = json.loads(run(STATE))
    assert lazy['loaded'] < eager['loaded'] / 2
    for name, entries in eager['registries'].items():
        assert set(entries) <= set(lazy['registries'][name]), name
    assert len(eager['registries']['mmaction.registry.MODELS']) > 80


PREDICT = """
import sys
import actionclip_mm
from mmaction.registry import MODELS, TRANSFORMS
from actionclip_mm.apis.building import build_zero_shot
assert MODELS.get('Recognizer3D').__name__ == 'Recognizer3D'
build_zero_shot('mini', None)
heavy = ('transformers', 'timm', 'sklearn', 'scipy', 'matplotlib', 'torch._dynamo', 'sympy')
assert not [name for name in heavy if name in sys.modules], [n for n in heavy if n in sys.modules]
assert 'mmaction.models.localizers.bmn' not in sys.modules
from mmaction.models import BMN  # a name of the package
assert MODELS.get('BMN') is BMN and 'mmaction.models.localizers.tem' not in sys.modules
assert TRANSFORMS.get('PoseDecode') is not None
import mmaction.models
assert len(dir(mmaction.models)) > 100  # executes the rest
assert MODELS.get('TEM') is mmaction.models.TEM
import open_clip
model = open_clip.create_model('convnext_base')
import timm
assert open_clip.timm_model.timm is timm
assert not hasattr(open_clip.timm_model.TimmModel.__init__, '__wrapped__')
"""


@pytest.mark.slow
def test_predicting_imports_little_and_the_rest_works_later() -> None:
    run(PREDICT, **LAZY)


@pytest.mark.parametrize(
    'package',
    ['mmaction.models', 'mmaction.datasets', 'mmaction.datasets.transforms', 'mmengine.model',
     'mmengine.runner', 'mmengine.hooks', 'mmengine.dataset', 'mmaction.evaluation',
     'actionclip_mm.models', 'actionclip_mm.datasets', 'actionclip_mm.evaluation'],
)  # fmt: skip
def test_names_lead_to_the_objects_of_the_package(package: str) -> None:
    module = import_module(package)
    lazy_packages.complete(package)
    assert type(module) is not lazy_packages.LazyPackage
    for name, (place, attribute) in exports(package).items():
        found = getattr(import_module(place), attribute, None)
        assert getattr(module, name) is (found or import_module(f'{place}.{attribute}')), name


def test_names_are_looked_up_in_sources() -> None:
    assert mentions('mmaction.models', 'Recognizer3D')
    assert not mentions('mmaction.models', 'Recognizer4D')
    assert exports('mmaction.models')['BMN'] == ('mmaction.models.localizers.bmn', 'BMN')
    assert 'BaseHead' in exports('mmaction.models')


def test_the_switch_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(lazy_packages.SWITCH, 'no')
    with pytest.raises(ValueError, match="ACTIONCLIP_MM_LAZY must be 'on' or 'off', got 'no'"):
        lazy_packages.is_lazy()
    monkeypatch.setenv(lazy_packages.SWITCH, 'off')
    assert not lazy_packages.is_lazy()


COMMAND = """
import sys
sys.argv = ['actionclip', *{argv!r}]
from actionclip_mm.cli import predict
assert predict.main({argv!r}) == 0
assert 'mmaction.models.localizers.bmn' not in sys.modules and 'sklearn' not in sys.modules
"""


@pytest.mark.slow
def test_the_command_imports_little() -> None:
    folder = carried('data/mini_clip/samples')
    video, labels = folder / 'dotted_blue_square.mp4', folder / 'labels.txt'
    argv = [str(video), '--arch', 'mini', '--labels-file', str(labels)]
    assert 'dotted blue square' in run(COMMAND.format(argv=argv))


FORCED = """
import actionclip_mm
from mmaction.registry import MODELS
@MODELS.register_module(force=True)
class BMN:
    pass
assert MODELS.get('BMN') is BMN
import mmaction.models
dir(mmaction.models)
assert MODELS.get('BMN') is BMN
"""


@pytest.mark.slow
def test_a_component_of_a_user_may_replace_one_of_the_host() -> None:
    run(FORCED, **LAZY)
