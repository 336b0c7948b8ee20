"""Facts about the machine that results depend on; no host name, no path."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ('torch', 'torchvision', 'open_clip_torch', 'numpy', 'decord', 'av')


def describe_machine(threads: int, device: str) -> dict[str, str]:
    """Processor, threads, system and versions, as texts for a table.

    Args:
        threads: Threads of torch.
        device: The device that was measured.
    """
    facts = dict(
        processor=f'{_processor()}, {os.cpu_count()} cores',
        threads=str(threads),
        python=platform.python_version(),
        system=f'{platform.system()} {platform.machine()}',
    )
    if device.startswith('cuda'):
        import torch

        facts['gpu'] = torch.cuda.get_device_name(device)
    for package in PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            continue
    return facts


def _processor() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    flags = next((line for line in lines if line.startswith('flags')), '')
    wide = [name for name in ('avx2', 'avx512f', 'avx512_bf16', 'amx_bf16') if f' {name}' in flags]
    return ' '.join([names[0] if names else platform.machine(), *(wide[-1:] and [f'({wide[-1]})'])])
