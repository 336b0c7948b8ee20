"""Packaging of actionclip_mm; the tested versions are pinned in requirements/constraints.txt."""

from pathlib import Path

from setuptools import find_packages, setup

root = Path(__file__).parent
about: dict = {}
exec((root / 'actionclip_mm' / 'version.py').read_text(encoding='utf-8'), about)
readme = root / 'README.md'

lite = ['mmcv-lite>=2.0.0rc4,<2.2.0']
test = ['pytest>=8', 'pytest-timeout', 'pytest-xdist', 'hypothesis', 'tensorboard']
lint = ['ruff', 'mypy']
hf = ['transformers', 'sentencepiece']  # tokenizers of SigLIP and language-model towers

setup(
    name='actionclip_mm',
    version=about['__version__'],
    description='ActionCLIP (video action recognition with label texts) as a plugin of mmaction2',
    long_description=readme.read_text(encoding='utf-8') if readme.exists() else '',
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['actionclip_mm', 'actionclip_mm.*']),
    include_package_data=True,
    package_data={'actionclip_mm': ['**/*.txt', '**/*.json', '**/*.yml']},
    python_requires='>=3.10',
    install_requires=[
        'mmaction2>=1.2,<1.3',
        'mmengine>=0.10.5,<1',
        'importlib_metadata',  # mmaction2 imports it without declaring it
        'huggingface_hub',
        'safetensors',
        'pyyaml',
        'open_clip_torch>=3.0,<4',
        'torch>=2.1',
        'torchvision>=0.16',
        'decord>=0.6',
        'av>=14.2',  # rotation and discarded packets
        'numpy',
        'scikit-learn',
        'opencv-python',
        'matplotlib',
    ],
    # mmcv is no hard dependency: mmcv and mmcv-lite own the same folder, so one must not be
    # installed over the other; without either, importing the package says what to install
    extras_require={
        'lite': lite,
        'test': test,
        'lint': lint,
        'hf': hf,
        'dev': lite + test + lint,
    },
)
