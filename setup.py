"""Packaging of actionclip_mm; the tested versions are pinned in requirements/constraints.txt."""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

root = Path(__file__).resolve().parent
about: dict = {}
exec((root / 'actionclip_mm' / 'version.py').read_text(encoding='utf-8'), about)
readme = root / 'README.md'

lite = ['mmengine>=0.10.5,<1', 'mmcv-lite>=2.0.0rc4,<2.2.0']
onedl = ['onedl-mmengine>=0.10.8,<1', 'onedl-mmcv>=2.2,<2.4']  # the same modules, maintained
lint = ['ruff', 'mypy', 'codespell']
demo = ['gradio>=6.31,<7']  # the page of `actionclip serve`
hf = ['transformers', 'sentencepiece']  # tokenizers of SigLIP and language-model towers
docs = ['sphinx>=8.1', 'pydata-sphinx-theme', 'myst-parser']
onnx = ['onnx', 'onnxscript', 'onnxruntime']  # actionclip export --format onnx
search = ['faiss-cpu']  # actionclip search --index faiss
test = [
    'pytest>=8',
    'setuptools',
    'pytest-timeout',
    'pytest-xdist',
    'pytest-cov',
    'hypothesis',
    'tensorboard',
    'selenium',
    *hf,
    *onnx,
    *search,
]

# What OpenMMLab's mim and mmengine's `actionclip_mm::` paths look for in an installed package.
MIM = ('configs', 'tools', 'data/mini_clip', 'model-index.yml')

DATA = ('txt', 'json', 'yml', 'j2', 'css')  # suffixes of the package's own files


class BuildWithMim(build_py):
    """Carry configs, tools and the mini CLIP in the package, under ``actionclip_mm/.mim``.

    A wheel gets copies. An editable install gets links to the checkout, so that edits are seen.
    """

    def run(self) -> None:
        super().run()
        package = root / 'actionclip_mm' if self.editable_mode else self._built_package()
        mim = package / '.mim'
        if mim.exists():
            shutil.rmtree(mim)
        for name in MIM:
            source, target = root / name, mim / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if self.editable_mode:
                target.symlink_to(source, target_is_directory=source.is_dir())
            elif source.is_dir():
                ignored = shutil.ignore_patterns('__pycache__', '*.py[cod]')
                shutil.copytree(source, target, ignore=ignored)
            else:
                shutil.copy2(source, target)

    def _built_package(self) -> Path:
        return Path(self.build_lib) / 'actionclip_mm'


setup(
    name='actionclip_mm',
    version=about['__version__'],
    description='ActionCLIP (video action recognition with label texts) as a plugin of mmaction2',
    long_description=readme.read_text(encoding='utf-8') if readme.exists() else '',
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['actionclip_mm', 'actionclip_mm.*']),
    package_data={'actionclip_mm': ['py.typed', *map('**/*.{}'.format, DATA)]},
    cmdclass={'build_py': BuildWithMim},
    entry_points={'console_scripts': ['actionclip = actionclip_mm.cli:main']},
    python_requires='>=3.10',
    install_requires=[
        'mmaction2>=1.2,<1.3',
        'importlib_metadata',  # mmaction2 imports it without declaring it
        'huggingface_hub',
        'safetensors',
        'pydantic>=2,<3',
        'pyyaml',
        'open_clip_torch>=3.0,<4',
        'torch>=2.1',
        'torchvision>=0.16',
        # no wheels for ARM, where PyAV and OpenCV read all videos (docs/decoding.md)
        "decord>=0.6; platform_machine not in 'arm64 aarch64'",
        'av>=14.2',  # rotation and discarded packets
        'numpy',
        'scikit-learn',
        'scipy',
        'jinja2',
        'opencv-contrib-python',  # as mmaction2 requires, not a second cv2
        'matplotlib',
        'Pillow',
        'rich',
        'tqdm',
        'packaging',
    ],
    # mmcv and mmengine are extras: mmcv, mmcv-lite and onedl-mmcv install the same folder, and so
    # do mmengine and onedl-mmengine, and would overwrite each other. Without one of each, importing
    # the package says what to install.
    extras_require={
        'lite': lite,
        'onedl': onedl,
        'test': test,
        'lint': lint,
        'hf': hf,
        'torchcodec': ['torchcodec>=0.8'],  # a decoder more; needs FFmpeg on the library path
        'docs': docs,
        'demo': demo,
        'onnx': onnx,
        'search': search,
        'dev': lite + test + lint + docs + demo,
    },
)
