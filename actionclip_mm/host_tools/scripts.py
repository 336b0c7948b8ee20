"""Patches for mmaction2's tools that break on this stack or on our configs.

The tools are scripts: they are imported as modules and patched before their ``main`` is called.
"""

import inspect
import json
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..compat.fixes import is_importable
from .video_output import ClipWriter, has_moviepy_editor


def why_it_cannot_run(tool: str) -> str:
    """Reason why a tool cannot run, or an empty string."""
    if tool in ('benchmark', 'bench_processing') and not is_importable('mmcv.parallel'):
        return (
            'it was written for mmcv 1, which this mmaction2 refuses; '
            'actionclip benchmark measures speed'
        )
    if tool == 'mmaction2torchserve' and not is_importable('model_archiver'):
        return 'it needs torch-model-archiver: pip install torch-model-archiver'
    return ''


def load_pickles_without_code() -> None:
    """Make mmengine load pickles of plain values, tensors and arrays only, in this process.

    Otherwise a .pkl of scores or annotations could run code. Dumps with NaN or infinite scores are
    refused too: the tools would rank them.
    """
    from mmengine.fileio.handlers import PickleHandler

    from ..evaluation.dumped_scores import check_dump, load_tensors

    def load_from_fileobj(self: Any, file: Any, **_: Any) -> Any:
        try:
            content = load_tensors(file)
        except Exception as error:  # arbitrary bytes may raise anything
            raise SystemExit(
                f'Error: the .pkl file cannot be read ({error}): only plain values, tensors and '
                'arrays of numbers are loaded, as tools/test.py --dump writes them.'
            ) from None
        try:
            check_dump(content, 'the .pkl file')
        except ValueError as error:
            raise SystemExit(f'Error: {error}') from None
        return content

    PickleHandler.load_from_fileobj = load_from_fileobj


@contextmanager
def host_imports(folder: Path, script: Path) -> Iterator[None]:
    """Resolve imports as ``PYTHONPATH=. python tools/…/script.py`` does in mmaction2's sources.

    mmaction2's data tools import each other as ``tools.data.…`` and by their bare names. A
    checkout of this plugin has a folder ``tools`` too, and the folder of the running script comes
    first on the path.

    Args:
        folder: mmaction2's folder of tools.
        script: The tool.
    """
    ours = {key: sys.modules.pop(key) for key in list(sys.modules) if _is_in_tools(key)}
    path = list(sys.path)
    package = types.ModuleType('tools')
    package.__path__ = [str(folder)]
    sys.modules['tools'] = package
    sys.path[:] = [str(script.parent), *(entry for entry in path if not _is_our_tools(entry))]
    try:
        yield
    finally:
        sys.path[:] = path
        for key in [key for key in sys.modules if _is_in_tools(key)]:
            del sys.modules[key]
        sys.modules.update(ours)


def _is_in_tools(module: str) -> bool:
    return module == 'tools' or module.startswith('tools.')


def _is_our_tools(entry: str) -> bool:
    return (Path(entry or '.') / 'run_protocol.py').is_file()


def stub_optional_imports(tool: str) -> None:
    """Provide a stub for optional plotting packages that a tool imports."""
    if tool == 'analyze_logs' and 'seaborn' not in sys.modules and not is_importable('seaborn'):
        seaborn = types.ModuleType('seaborn')
        seaborn.set_style = lambda style: None  # type: ignore[attr-defined]
        sys.modules['seaborn'] = seaborn


def set_shape_from_config(module: Any) -> None:
    """Let get_flops take its input shape from the config's test pipeline unless --shape is given.

    One view of T frames for 3D recognizers ([V, 3, T, H, W] of V=1), T frames for 2D ones.
    """
    parse_args = module.parse_args

    def parse_args_and_config() -> Any:
        args = parse_args()
        if not any(arg == '--shape' or arg.startswith('--shape=') for arg in sys.argv[1:]):
            args.shape = input_shape(module.Config.fromfile(args.config))
        return args

    module.parse_args = parse_args_and_config


def input_shape(config: Any) -> list[int]:
    """Input shape of one view of a video: [1, 3, T, H, W], or [T, 3, H, W] for 2D recognizers.

    Raises:
        ValueError: The test pipeline has no fixed number or size of frames.
    """
    pipeline = config.test_dataloader.dataset.pipeline
    sampler = [step for step in pipeline if 'clip_len' in step]
    sizes = [size for step in pipeline if (size := _size(step)) is not None]
    layout = [step.input_format for step in pipeline if step.type == 'FormatShape']
    if not sampler or not sizes or layout[:1] not in (['NCTHW'], ['NCHW']):
        raise ValueError(
            'The test pipeline has no fixed number and size of frames: give --shape 1 3 T H W (3D) '
            'or --shape T 3 H W (2D).'
        )
    height, width = sizes[-1]
    frames = sampler[0].clip_len
    if layout == ['NCTHW']:
        return [1, 3, frames, height, width]
    return [frames * sampler[0].get('num_clips', 1), 3, height, width]


def _size(step: Any) -> tuple[int, int] | None:
    """Output height and width of a transform, or None if it does not fix them."""
    if 'crop_size' in step:
        size = step.crop_size
        return (size, size) if isinstance(size, int) else (size[1], size[0])
    if step.type in ('Resize', 'CLIPResize') and not step.get('keep_ratio', True):
        return step.scale[1], step.scale[0]
    return None


def add_mode_to_logs(module: Any) -> None:
    """Add ``mode``, which analyze_logs needs and mmengine no longer logs, to each line of a log."""
    load_json_logs = module.load_json_logs

    def load_with_mode(paths: list[str]) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            copies = [_with_mode(path, Path(folder, f'{i}.json')) for i, path in enumerate(paths)]
            return load_json_logs(copies)

    module.load_json_logs = load_with_mode


def _with_mode(path: str, copy: Path) -> str:
    """Write a copy of a log with ``mode`` and with ``iter`` counted within each epoch."""
    lines = [json.loads(line) for line in Path(path).read_text().splitlines() if line.strip()]
    trained = [line for line in lines if 'epoch' in line]  # validation lines have none
    first: dict[int, int] = {}  # iterations before each epoch
    done = 0
    for line in trained:
        first.setdefault(line['epoch'], done)
        done = line.get('iter', done)
    for line in trained:
        line.setdefault('mode', 'train')
        if 'iter' in line:
            line['iter'] -= first[line['epoch']]
    copy.write_text('\n'.join(map(json.dumps, trained)))
    return str(copy)


def build_evaluators(module: Any) -> None:
    """Let eval_metric build evaluators; it takes each config of ``test_evaluator`` for a metric."""
    from mmaction.registry import EVALUATOR

    class_of_metrics = module.Evaluator

    def build(config: Any) -> Any:
        if isinstance(config, dict) and 'metrics' in config:
            return EVALUATOR.build(config)
        return class_of_metrics(config)

    module.Evaluator = build


def read_epochs_of_loop(module: Any) -> None:
    """Let vis_scheduler tell epochs from iterations by the type of the loop, not ``by_epoch``."""
    if "get_str_type(cfg.train_cfg.get('by_epoch'))" not in inspect.getsource(module.main):
        return
    from_file = module.Config.fromfile
    loops: list[Any] = []

    class Configs:
        @staticmethod
        def fromfile(path: str) -> Any:
            config = from_file(path)
            loops.append(config.train_cfg.get('type'))
            return config

    get_str_type = module.get_str_type
    module.Config = Configs
    module.get_str_type = lambda value: get_str_type(loops[-1] if value is None else value)


def write_clips_without_moviepy(module: Any) -> None:
    """Replace ``moviepy.editor``, which vis_cam uses and newer moviepy no longer has."""
    if not has_moviepy_editor():
        editor = types.ModuleType('moviepy.editor')
        editor.ImageSequenceClip = ClipWriter  # type: ignore[attr-defined]
        sys.modules.setdefault('moviepy', types.ModuleType('moviepy'))
        sys.modules['moviepy.editor'] = editor


def allow_missing_head(module: Any) -> None:
    """Let CheckWeightsHook pass in clip_feature_extraction, which replaces the head."""
    merge_args = module.merge_args

    def merge_and_allow(config: Any, args: Any) -> Any:
        config = merge_args(config, args)
        default_hooks = (config.get('default_hooks') or {}).values()
        for hook in [*default_hooks, *(config.get('custom_hooks') or [])]:
            if isinstance(hook, dict) and hook.get('type') == 'CheckWeightsHook':
                hook['allow_partial'] = True
        return config

    module.merge_args = merge_and_allow


def draw_legible_confusion_matrix(module: Any) -> None:
    """Draw confusion_matrix in a size that follows its classes, with the names of the config.

    The host always draws 10 x 10 inches, and ids unless --label-file is given.
    """
    from_file = module.Config.fromfile
    configs: list[Any] = []

    class Configs:
        @staticmethod
        def fromfile(path: str) -> Any:
            configs.append(from_file(path))
            return configs[-1]

    class LegibleConfusionMatrix(module.ConfusionMatrix):
        @staticmethod
        def plot(
            confusion_matrix: Any,
            include_values: bool = False,
            cmap: str = 'viridis',
            classes: list | None = None,
            colorbar: bool = True,
            show: bool = True,
        ) -> Any:
            from ..reporting.confusion_plot import class_names, plot_confusions

            names = class_names(configs[-1], classes or range(len(confusion_matrix)))
            return plot_confusions(confusion_matrix.numpy(), names, include_values, cmap, show)

    module.Config = Configs
    module.ConfusionMatrix = LegibleConfusionMatrix


PATCHES: dict[str, Callable[[Any], None]] = {
    'analyze_logs': add_mode_to_logs,
    'clip_feature_extraction': allow_missing_head,
    'confusion_matrix': draw_legible_confusion_matrix,
    'eval_metric': build_evaluators,
    'get_flops': set_shape_from_config,
    'vis_cam': write_clips_without_moviepy,
    'vis_scheduler': read_epochs_of_loop,
}
