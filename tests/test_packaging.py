"""The wheel carries all that a checkout has for its users, and works without one."""

import ast
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
CARRIED = ('configs', 'tools', 'data/mini_clip', 'model-index.yml')


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the tracked files, built as pip builds it but without the network."""
    source, out = tmp_path_factory.mktemp('source'), tmp_path_factory.mktemp('wheel')
    for name in tracked():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    options = ['--no-deps', '--no-build-isolation', '--quiet', '--wheel-dir', str(out)]
    subprocess.run([sys.executable, '-m', 'pip', 'wheel', *options, str(source)], check=True)
    (path,) = out.glob('*.whl')
    return path


def tracked() -> list[str]:
    """Files of the checkout that are under version control and not tests."""
    command = ['git', '-C', str(ROOT), 'ls-files', '-z', '--cached', '--others']
    out = subprocess.run([*command, '--exclude-standard'], capture_output=True, check=True).stdout
    names = [name for name in out.decode().split('\0') if name and not name.startswith('tests/')]
    return [name for name in names if (ROOT / name).is_file()]


def test_the_wheel_has_every_file_that_users_need(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    package = {name for name in tracked() if name.startswith('actionclip_mm/')}
    carried = {f'actionclip_mm/.mim/{name}' for name in tracked() if name.startswith(CARRIED)}
    assert len(carried) > 100
    assert not (package | carried) - inside
    own = (package | carried) | {name for name in inside if '.dist-info/' in name}
    assert not inside - own  # no tests, no caches, nothing in another package's folder


def test_config_paths_resolve_without_a_checkout(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / 'site')
    (tmp_path / 'empty').mkdir()
    config = tmp_path / 'empty' / 'leaf.py'
    config.write_text("_base_ = 'actionclip_mm::_base_/datasets/ucf101.py'\n")
    code = (
        'import actionclip_mm, sys; from mmengine.config import Config\n'
        'print(actionclip_mm.__file__); print(Config.fromfile(sys.argv[1]).data_root)\n'
        'print(Config.fromfile(sys.argv[2]).model.type)'
    )
    leaf = tmp_path / 'site/actionclip_mm/.mim/configs/mini/actionclip_mini_transf.py'
    run = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code, str(config), str(leaf)],
        env={**os.environ, 'PYTHONPATH': str(tmp_path / 'site')},
        cwd=tmp_path / 'empty', capture_output=True, text=True, check=True,
    )  # fmt: skip
    where, data_root, model = run.stdout.split()[-3:]
    assert Path(where).is_relative_to(tmp_path / 'site')
    assert (data_root, model) == ('data/ucf101', 'CLIPRecognizer')


def test_the_model_index_names_configs_with_their_published_numbers() -> None:
    listed = 0
    for metafile in yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']:
        for model in yaml.safe_load((ROOT / metafile).read_text())['Models']:
            docstring = ast.get_docstring(ast.parse((ROOT / model['Config']).read_text())) or ''
            for value in model['Results'][0]['Metrics'].values():
                assert re.search(rf'\b{value:g}0?\b', docstring), (model['Name'], value)
                listed += 1
    assert listed >= 14
