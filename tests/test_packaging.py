"""The sdist and the wheel carry everything users need, and work without a checkout."""

import ast
import email
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import actionclip_mm

ROOT = Path(__file__).resolve().parents[1]
CARRIED = ('configs', 'tools', 'data/mini_clip', 'model-index.yml')
SITE = sysconfig.get_paths()['purelib']
BUILD = 'import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])'
# optional: another package brings it, or the code that imports it says what to install
OPTIONAL = {'mmengine', 'mmcv', 'transformers', 'moviepy', 'mmdet', 'mmpose', 'onnxruntime'}
OPTIONAL |= {'faiss'}  # of the extra [search]
OPTIONAL |= {'gradio', 'fastapi', 'uvicorn'}  # of the extra [demo]; Gradio brings the others


def tracked() -> list[str]:
    """Files of the checkout that are under version control and not tests."""
    command = ['git', '-C', str(ROOT), 'ls-files', '-z', '--cached', '--others']
    out = subprocess.run([*command, '--exclude-standard'], capture_output=True, check=True).stdout
    names = [name for name in out.decode().split('\0') if name and not name.startswith('tests/')]
    return [name for name in names if (ROOT / name).is_file()]


@pytest.fixture(scope='module')
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unpacked sdist of the tracked files."""
    source, out = tmp_path_factory.mktemp('source'), tmp_path_factory.mktemp('sdist')
    for name in tracked():
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    command = [sys.executable, '-W', 'ignore', '-c', BUILD, str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (archive,) = out.glob('*.tar.gz')
    with tarfile.open(archive) as file:
        file.extractall(out, filter='data')
    return archive.with_name(archive.name.removesuffix('.tar.gz'))


@pytest.fixture(scope='module')
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the sdist, built as pip builds it but without the network."""
    out = tmp_path_factory.mktemp('wheel')
    options = ['--no-deps', '--no-build-isolation', '--quiet', '--wheel-dir', str(out)]
    subprocess.run([sys.executable, '-m', 'pip', 'wheel', *options, str(sdist)], check=True)
    (path,) = out.glob('*.whl')
    return path


@pytest.fixture(scope='module')
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the wheel; it shares the dependencies of the tests."""
    venv = tmp_path_factory.mktemp('environment')
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', str(venv)], check=True)
    python = venv / 'bin' / 'python'
    pip = [sys.executable, '-m', 'pip', '--python', str(python), 'install', '--quiet']
    subprocess.run([*pip, '--no-deps', '--no-index', str(wheel)], check=True)
    (site,) = venv.glob('lib/python*/site-packages')
    # .pth files in folders that a .pth adds are ignored, such as the tests' editable install
    (site / 'dependencies.pth').write_text(f'{SITE}\n')
    return venv


@pytest.fixture
def run(environment: Path, tmp_path: Path) -> Callable[..., str]:
    """Function that runs a program of the environment in an empty folder."""

    def start(*command: object, code: int = 0) -> str:
        name, *arguments = map(str, command)
        env = {key: value for key, value in os.environ.items() if key != 'PYTHONPATH'}
        done = subprocess.run(
            [str(environment / 'bin' / name), *arguments],
            cwd=tmp_path,
            env={**env, 'OMP_NUM_THREADS': '1'},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    return start


def test_the_sdist_has_every_tracked_file_but_the_tests(sdist: Path) -> None:
    inside = {str(path.relative_to(sdist)) for path in sdist.rglob('*') if path.is_file()}
    wanted = {name for name in tracked() if name.startswith(('actionclip_mm/', *CARRIED))}
    assert not wanted - inside
    assert not [name for name in inside if name.startswith('tests')]


def test_the_wheel_has_every_file_that_users_need(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    package = {name for name in tracked() if name.startswith('actionclip_mm/')}
    carried = {f'actionclip_mm/.mim/{name}' for name in tracked() if name.startswith(CARRIED)}
    assert len(carried) > 100
    assert not (package | carried) - inside
    own = (package | carried) | {name for name in inside if '.dist-info/' in name}
    assert not inside - own  # no tests, no caches, nothing in another package's folder


def test_no_file_of_another_package_is_overwritten(environment: Path) -> None:
    (site,) = environment.glob('lib/python*/site-packages')
    (ours,) = importlib.metadata.distributions(name='actionclip_mm', path=[str(site)])
    mine = {os.path.normpath(str(file)) for file in ours.files or []}
    assert any(name.endswith('bin/actionclip') for name in mine)
    for other in importlib.metadata.distributions(path=[SITE]):
        if canonicalize_name(other.metadata['Name']) != 'actionclip-mm':
            files = {os.path.normpath(str(file)) for file in other.files or []}
            assert not mine & files, other.metadata['Name']


def test_declared_are_the_packages_that_are_imported(wheel: Path) -> None:
    """All of them and no others, with the cv2 that mmaction2 requires."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith('/METADATA'))
        lines = email.message_from_bytes(archive.read(name)).get_all('Requires-Dist')
    required = list(map(Requirement, lines))
    needed = [r for r in required if not (r.marker and 'extra' in str(r.marker))]
    declared = {canonicalize_name(requirement.name) for requirement in needed}
    imported = set()
    for path in chain(*((ROOT / name).rglob('*.py') for name in ('actionclip_mm', 'tools'))):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition('.')[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(str(node.module).partition('.')[0])
    owners = importlib.metadata.packages_distributions()
    foreign = imported - set(sys.stdlib_module_names) - {'actionclip_mm'} - OPTIONAL
    for module in sorted(foreign & set(owners)):
        assert declared & set(map(canonicalize_name, owners[module])), f'{module} is not declared'
    unused = declared - {canonicalize_name(own) for name in foreign for own in owners.get(name, ())}
    assert unused == {'importlib-metadata'}  # of mmaction2, which does not declare it
    theirs = {Requirement(line).name for line in importlib.metadata.requires('mmaction2') or []}
    assert {name for name in declared if name.startswith('opencv')} <= theirs


def test_the_command_and_the_shims_run_outside_of_a_checkout(
    run: Callable, environment: Path, write_video: Callable, tiny_arch: dict, tmp_path: Path
) -> None:
    assert actionclip_mm.__version__ in run('actionclip', '--version')
    (tools,) = environment.glob('lib/python*/site-packages/actionclip_mm/.mim/tools')
    (tmp_path / 'tiny.json').write_text(json.dumps(tiny_arch))
    video = write_video(tmp_path / 'clip.mp4')
    options = ['--labels', 'a', 'b', '--arch', 'tiny.json', '--random-weights', '--num-frames', '2']
    predicted = run('actionclip', 'predict', video, *options)
    assert 'RANDOM WEIGHTS' in predicted and predicted.count(' %') == 2
    by_shim = run('python', tools / 'predict.py', video, *options)  # other random weights
    assert by_shim.splitlines()[:2] == predicted.splitlines()[:2]


@pytest.mark.slow
def test_the_doctor_finds_nothing_broken(run: Callable) -> None:
    report = run('actionclip', 'doctor')
    assert '\n0 broken, ' in report and '/.mim/configs' in report


@pytest.mark.slow
def test_configs_of_the_wheel_train_and_test(run: Callable, tmp_path: Path) -> None:
    """As ``mim train`` and ``mim test`` run them: tools of the wheel on configs with our bases."""
    config = tmp_path / 'leaf.py'
    config.write_text("_base_ = 'actionclip_mm::mini/actionclip_mini_transf.py'\n")
    code = (
        'import actionclip_mm, sys; from mmengine.config import Config\n'
        'print(Config.fromfile("leaf.py").model.type, actionclip_mm.__file__)'
    )
    model, place = run('python', '-W', 'ignore', '-c', code).split()[-2:]
    assert model == 'CLIPRecognizer' and 'site-packages' in place
    assert 'resume' in run('python', Path(place).parent / '.mim/tools/train.py', '--help')


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_runs_in_an_empty_folder(run: Callable, tmp_path: Path) -> None:
    assert 'The report is ' in run('actionclip', 'demo', '--small', '--work-dir', 'out')
    report = (tmp_path / 'out' / 'report' / 'report.md').read_text()
    assert '- classes: 60' in report and '| top-1 |' in report


@pytest.mark.slow
def test_types_are_known_to_mypy(environment: Path, tmp_path: Path) -> None:
    pytest.importorskip('mypy')
    (tmp_path / 'user.py').write_text(
        'import actionclip_mm\nfrom actionclip_mm.apis import Prediction\n'
        'reveal_type(actionclip_mm.__version__)\n'
        "reveal_type(Prediction('a.mp4', ('run',), (1.0,)).video)\n"
    )
    packages = ('torch', 'torchvision', 'numpy', 'mmengine', 'mmaction', 'mmcv', 'open_clip', 'av')
    skipped = [f'[mypy-{name}.*]\nfollow_imports = skip' for name in packages]
    lines = ['[mypy]', 'ignore_missing_imports = True', *skipped]
    (tmp_path / 'mypy.ini').write_text('\n'.join(lines))
    python = environment / 'bin' / 'python'
    command = [sys.executable, '-m', 'mypy', '--python-executable', str(python), 'user.py']
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    found = re.findall(r'Revealed type is "(\w+\.)*(\w+)"', done.stdout)
    assert [name for _, name in found] == ['str', 'str'], done.stdout
    assert 'py.typed' not in done.stdout


def test_versions_agree() -> None:
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert citation['version'] == actionclip_mm.__version__
