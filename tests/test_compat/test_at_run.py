"""What importing changes in the host packages, and how to switch it off."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from actionclip_mm.compat import at_import, at_run

WORKER = Path(__file__).with_name('host_attributes_worker.py')
# What `import actionclip_mm` may change: how packages and their configs are found. The scheme of
# .safetensors files is a loader of our own; tables of mmengine's name this package.
AT_IMPORT = {
    'mmengine.config.config.Config._get_cfg_path',
    'mmengine.config.config._get_external_cfg_path',
    'mmengine.config.utils.MODULE2PACKAGE[actionclip_mm]',
    'mmengine.config.utils.PKG2PROJECT[actionclip_mm]',
    'mmengine.infer.infer.MODULE2PACKAGE[actionclip_mm]',
    'mmengine.registry.registry.MODULE2PACKAGE[actionclip_mm]',
    'mmengine.runner.checkpoint.CheckpointLoader._schemes',
    r'mmengine.runner.checkpoint.CheckpointLoader._schemes[(?!.*://).*\.safetensors$]',
    # without pkg_resources
    'mmengine.utils.package_utils.get_installed_path',
    'mmengine.utils.package_utils.is_installed',
    'mmengine.utils.package_utils.package2module',
}


def changes(*modules: str, **environment: str) -> set[str]:
    """Attributes of host packages that importing ``modules`` changes in a fresh process."""
    process = subprocess.run(
        [sys.executable, '-W', 'ignore', str(WORKER), *modules],
        capture_output=True, text=True, timeout=300, env={**os.environ, **environment},
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return set(json.loads(process.stdout.splitlines()[-1]))


def test_importing_the_package_changes_what_importing_needs_and_no_more() -> None:
    assert changes('actionclip_mm') <= AT_IMPORT


def test_importing_at_run_applies_what_a_run_needs() -> None:
    found = changes('actionclip_mm', 'actionclip_mm.compat.at_run') - AT_IMPORT
    print('\n'.join(sorted(found)))  # the list, with pytest -s
    assert {
        'mmengine.fileio.backends.local_backend.LocalBackend.put',
        'mmengine.runner.checkpoint.CheckpointLoader.load_checkpoint',
        'mmengine.runner.runner.Runner.resume',
        'mmengine.runner.runner.Runner.train',
        'mmaction.datasets.transforms.loading.DecordInit._get_video_reader',
        'torch.serialization.load',
    } <= found
    analysis = ('GradCAM', 'ActionVisualizer', 'LocalVisBackend', 'MMAction2Inferencer')
    assert not [name for name in found if name.split('.')[-2] in analysis]


def test_applying_twice_changes_nothing() -> None:
    from mmengine.runner import Runner

    before = Runner.train, Runner.resume, Runner.build_dataloader
    at_import.apply()
    at_run.apply()
    assert (Runner.train, Runner.resume, Runner.build_dataloader) == before


def test_each_fix_tells_what_it_is_about() -> None:
    fixes = (*at_import.FIXES, *at_run.fixes())
    assert len({fix.name for fix in fixes}) == len(fixes)
    for fix in fixes:
        assert fix.description.endswith('.'), fix.name
        assert fix.is_applied is fix.is_present, fix.name


def test_fixes_are_switched_off() -> None:
    found = changes('actionclip_mm', 'actionclip_mm.compat.at_run', ACTIONCLIP_MM_COMPAT='off')
    assert found == {name for name in AT_IMPORT if '_schemes' in name}


def test_switching_off_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ACTIONCLIP_MM_COMPAT', 'off')
    with pytest.warns(UserWarning, match='=off: .* may run code in it') as warned:
        at_run.apply()
    assert len(warned) == 1
    monkeypatch.setenv('ACTIONCLIP_MM_COMPAT', 'no')
    with pytest.raises(ValueError, match="must be 'on' or 'off', got 'no'"):
        at_import.apply()
