"""``actionclip doctor``: this installation is sound, and broken pieces are named with advice."""

import importlib.metadata
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from huggingface_hub import constants

from actionclip_mm import hosts
from actionclip_mm.cli import _doctor_machine as machine
from actionclip_mm.cli import _doctor_packages as packages
from actionclip_mm.cli import doctor
from actionclip_mm.cli._finding import BROKEN, FIXED, OK, WARNING, Finding
from actionclip_mm.clip import hub, published
from actionclip_mm.compat import Fix, at_run

Check = Callable[[], Iterable[Finding]]


def one(check: Check, words: str) -> Finding:
    """The only finding that has these words."""
    (found,) = [finding for finding in check() if words in finding.text]
    return found


@pytest.mark.slow
def test_this_installation_is_sound(capsys: pytest.CaptureFixture) -> None:
    assert doctor.main(['--json']) == 0
    areas = json.loads(capsys.readouterr().out)
    assert list(areas) == list(doctor.areas()) and all(areas.values())
    texts = [finding['text'] for findings in areas.values() for finding in findings]
    assert [f'{name} decodes a generated clip' in texts for name in machine.ADVICE] == [True] * 3


def test_the_report_and_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def crash() -> Iterable[Finding]:
        raise RuntimeError('no driver')

    fine = {'disk': lambda: [Finding(OK, '5 GiB'), Finding(WARNING, 'small', 'set TMPDIR')]}
    monkeypatch.setattr(doctor, 'areas', lambda: fine)
    assert doctor.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == ['disk', '  ok      5 GiB', '  WARNING small', '          -> set TMPDIR',
                     '0 broken, 1 warnings.']  # fmt: skip
    monkeypatch.setattr(doctor, 'areas', lambda: fine | {'GPU': crash})
    assert doctor.main([]) == 1
    assert 'RuntimeError: no driver' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('code', 'cause'),
    [
        ('raise ValueError("no codec")', 'ValueError: no codec'),
        ('os.kill(os.getpid(), 11)', 'signal 11'),
    ],
)
def test_a_decoder_that_does_not_decode(
    code: str, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail = f'import os, sys\nif sys.argv[1] == "decord": {code}\n'
    monkeypatch.setattr(machine, 'DECODE', fail)
    found = one(machine.check_decoders, 'decord')
    assert found.status == BROKEN and cause in found.text and 'pip install decord' in found.advice
    assert one(machine.check_decoders, 'pyav').status == OK


def test_versions_outside_of_the_requirements(monkeypatch: pytest.MonkeyPatch) -> None:
    version = importlib.metadata.version

    def other(name: str) -> str:
        if name == 'decord':
            raise importlib.metadata.PackageNotFoundError
        return '9.0' if name == 'av' else version(name)

    monkeypatch.setattr(importlib.metadata, 'version', other)
    found = one(packages.check_packages, 'decord')
    assert (found.status, found.text) == (BROKEN, 'decord is not installed')
    assert found.advice.startswith("pip install 'decord")
    found = one(packages.check_packages, 'av 9.0')
    assert (found.status, found.text) == (BROKEN, 'av 9.0 is not >=14.2')


def test_a_host_outside_of_its_window(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise ImportError('actionclip_mm needs mmcv >= 2, but 1.7 is installed: pip install it')

    monkeypatch.setattr(hosts, 'check_hosts', refuse)
    assert one(packages.check_packages, 'mmcv >= 2, but 1.7').status == BROKEN


@pytest.mark.parametrize(
    ('module', 'versions', 'status'),
    [('mmcv', ('2.1', '2.1'), BROKEN), ('cv2', ('4.1', '5.0'), BROKEN), ('cv2', ('5', '5'), OK)],
)
def test_distributions_that_share_a_folder(
    module: str, versions: tuple[str, str], status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = dict(zip(('first', 'second'), versions, strict=True))
    monkeypatch.setattr(importlib.metadata, 'packages_distributions', lambda: {module: list(known)})
    monkeypatch.setattr(importlib.metadata, 'version', known.get)
    (found,) = packages._overlaps()
    assert found.status == status and 'first and second' in found.text
    assert (status == OK) == (found.advice == '')


def test_breakages_are_listed_with_their_state(monkeypatch: pytest.MonkeyPatch) -> None:
    def stay_broken() -> None:
        """A host fails."""

    lost = Fix(stay_broken, lambda: True)
    monkeypatch.setattr(at_run, 'FIXES', (*at_run.FIXES, lost))
    found = one(packages.check_fixes, 'stay_broken: A host fails.')
    assert found.status == BROKEN
    statuses = [finding.status for finding in packages.check_fixes()]
    assert statuses.count(BROKEN) == 1 and statuses.count(FIXED) > 10
    monkeypatch.setenv('ACTIONCLIP_MM_COMPAT', 'off')
    found = one(packages.check_fixes, 'stay_broken')
    assert (found.status, found.advice) == (WARNING, 'unset ACTIONCLIP_MM_COMPAT')


def test_an_incomplete_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    carried = packages.carried

    def without_configs(name: str) -> Path:
        return carried('gone' if name == 'configs' else name)

    monkeypatch.setattr(packages, 'carried', without_configs)
    assert one(packages.check_files, "lacks 'gone'").status == BROKEN


@pytest.mark.parametrize(
    ('offline', 'answers', 'status', 'words'),
    [
        (True, False, WARNING, 'offline by HF_HUB_OFFLINE'),
        (False, True, OK, 'downloaded when used'),
        (False, False, WARNING, 'the hub does not answer'),
    ],
)
def test_weights_that_are_not_cached(
    offline: bool, answers: bool, status: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = {'RN50': '/cache/rn50.safetensors'}
    monkeypatch.setattr(published, 'cached_file', lambda arch, tag: cached.get(arch))
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', offline)
    monkeypatch.setattr(hub, 'hub_answers', lambda: answers)
    found = one(machine.check_weights, words)
    assert found.status == status and 'ViT-B-16' in found.text and 'RN50' not in found.text
    assert (status == WARNING) == ('--pretrained FILE' in found.advice)
    assert one(machine.check_weights, 'RN50 openai is cached').status == OK


@pytest.mark.parametrize(('cuda', 'status'), [('12.8', BROKEN), (None, WARNING)])
def test_a_gpu_that_torch_does_not_see(
    cuda: str | None, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(torch.version, 'cuda', cuda)
    monkeypatch.setattr(torch.version, 'hip', None)
    monkeypatch.setattr(shutil, 'which', lambda name: f'/usr/bin/{name}')
    (found,) = machine.check_gpu()
    assert found.status == status and 'install torch' in found.advice


def test_a_gpu_that_computes_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    properties = SimpleNamespace(name='X', total_memory=8 * machine.GIB, major=3)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 1)
    monkeypatch.setattr(torch.cuda, 'get_device_properties', lambda index: properties)
    monkeypatch.setattr(torch, 'ones', lambda *size, device: torch.zeros(*size))
    (found,) = machine.check_gpu()
    assert found.status == BROKEN and 'cuda:0 X, 8 GiB does not compute' in found.text


def test_little_space(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = SimpleNamespace(free=machine.GIB // 16)
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: usage)
    findings = list(machine.check_disk())
    assert [finding.status for finding in findings[:-1]] == [WARNING] * (len(findings) - 1)
    assert any('0.1 GiB' in finding.text for finding in findings)
    if Path('/dev/shm').is_dir():
        assert '--shm-size' in one(machine.check_disk, '/dev/shm').advice


def test_the_size_of_kept_text_features(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv('ACTIONCLIP_CACHE', str(tmp_path))
    (empty,) = machine.check_caches()
    assert empty.text.startswith('0.0 MiB') and str(tmp_path / 'text_banks') in empty.text
    (tmp_path / 'text_banks').mkdir()
    (tmp_path / 'text_banks' / 'x').write_bytes(bytes(3 * 2**20))
    (found,) = machine.check_caches()
    assert found.text.startswith('3.0 MiB') and found.status == machine.OK
