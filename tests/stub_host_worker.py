"""Read hostile checkpoints by every scheme of a stub host; print which ones ran, as JSON.

Usage: python stub_host_worker.py KIND FOLDER

They are read by mmengine after a config with our ``default_runtime.py`` was read, or by our own
API where ACTIONCLIP_MM_COMPAT=off switches all fixes off.
"""

import json
import os
import pickle
import shutil
import sys
import types
from collections.abc import Callable
from pathlib import Path

import stub_hosts

kind, folder = sys.argv[1], Path(sys.argv[2])
stub_hosts.install(kind)

import torch  # noqa: E402
from mmengine.runner import checkpoint  # noqa: E402

MARK, FILE = folder / 'mark', folder / 'evil.pth'
WEB = 'http://host/evil.pth'
SCHEMES = {
    'local': str(FILE), 'http': WEB, 'https': WEB.replace('http', 'https'),
    's3': 's3://bucket/evil.pth', 'petrel': 'petrel://bucket/evil.pth',
    'torchvision': 'torchvision://evil', 'modelzoo': 'modelzoo://evil',
    'open-mmlab': 'open-mmlab://evil', 'openmmlab': 'openmmlab://evil',
    'openmmlab on disk': 'openmmlab://disk', 'mmcls': 'mmcls://evil', 'pavi': 'pavi://evil',
    'later': 'later://evil',
}  # fmt: skip


class Evil:
    def __reduce__(self) -> tuple:
        return os.mkdir, (str(MARK),)


def redirect() -> None:
    """Every scheme fetches the hostile file."""
    models = dict(evil=WEB, disk=str(FILE))
    for name in ('torchvision', 'external', 'mmcls'):
        setattr(checkpoint, f'get_{name}_models', lambda: models)
    checkpoint.get_deprecated_model_names = dict
    checkpoint.get_file_backend = lambda *_, **__: types.SimpleNamespace(
        get=lambda _: FILE.read_bytes()
    )
    torch.hub.get_dir = lambda: str(folder / 'hub')
    torch.hub.download_url_to_file = lambda url, target, *_, **__: shutil.copy(FILE, target)
    pavi = types.ModuleType('pavi')
    model = types.SimpleNamespace(name='evil.pth', download=lambda to: shutil.copy(FILE, to))
    pavi.modelcloud = types.SimpleNamespace(get=lambda _: model)
    sys.modules['pavi'] = pavi


def outcomes(load: Callable[[str], object]) -> dict[str, str]:
    found = {}
    for name, address in SCHEMES.items():
        for zipped in (True, False):
            torch.save(
                dict(state_dict=torch.ones(1), x=Evil()),
                FILE,
                _use_new_zipfile_serialization=zipped,
            )
            shutil.rmtree(folder / 'hub', ignore_errors=True)
            try:
                load(address)
                said = 'read'
            except Exception as error:
                said = f'{type(error).__name__}: {error}'
            if MARK.exists():
                said = 'RAN'
                MARK.rmdir()
            found[f'{name} {"zip" if zipped else "legacy"}'] = said
    return found


def good() -> bool:
    """Whether mmengine's own checkpoints are still readable."""
    from mmengine.logging import MessageHub

    hub = MessageHub('stub')
    hub.update_scalar('train/loss', 0.5)
    torch.save(dict(state_dict={}, message_hub=hub.state_dict()), folder / 'good.pth')
    state = checkpoint.CheckpointLoader.load_checkpoint(str(folder / 'good.pth'), 'cpu', 'silent')
    return bool(state['message_hub']['log_scalars']['train/loss'].statistics('mean') == 0.5)


def numpy_is_guarded() -> bool:
    """Whether numpy's functions stay refused, though the host allows them."""
    import numpy as np

    torch.save(dict(x=np.array([1, None], dtype=object)), FILE)
    try:
        checkpoint.CheckpointLoader.load_checkpoint(str(FILE), 'cpu', 'silent')
    except pickle.UnpicklingError:
        return True
    return False


redirect()
checkpoint.CheckpointLoader.register_scheme(
    'later://', lambda name, map_location=None: torch.load(FILE, map_location, weights_only=False)
)


def by_mmengine(address: str) -> object:
    return checkpoint.CheckpointLoader.load_checkpoint(address, 'cpu', 'silent')


def by_our_api(address: str) -> object:
    from actionclip_mm.apis.building import load_strictly

    return load_strictly(torch.nn.Linear(1, 1), address)


before = outcomes(by_mmengine) if kind != 'pickle' else {}
compat = os.environ.pop('ACTIONCLIP_MM_COMPAT', 'on')  # some hosts cannot be imported without
import actionclip_mm  # noqa: E402, F401

os.environ['ACTIONCLIP_MM_COMPAT'] = compat
if compat == 'off':
    answers = dict(before=before, after=outcomes(by_our_api))
else:
    from mmengine.config import Config

    Config.fromfile(Path(__file__).parents[1] / 'configs' / '_base_' / 'default_runtime.py')
    answers = dict(
        before=before, after=outcomes(by_mmengine), good=good(), numpy=numpy_is_guarded()
    )
print(json.dumps(answers))
