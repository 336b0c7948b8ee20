"""Tools of mmaction2 that break on this stack or on our configs: what is mended, what cannot run.

The tools are scripts, so they are mended as modules, right before their ``main`` is called; see
:mod:`actionclip_mm.cli.host`.
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
    """A reason in half a sentence, or '' for a tool that may be tried."""
    if tool in ('benchmark', 'bench_processing') and not is_importable('mmcv.parallel'):
        return (
            'it was written for mmcv 1, which this mmaction2 refuses; '
            'actionclip benchmark measures speed'
        )
    if tool == 'mmaction2torchserve' and not is_importable('model_archiver'):
        return 'it needs torch-model-archiver: pip install torch-model-archiver'
    return ''


def pickles_without_code() -> None:
    """Make mmengine load pickles of plain values, tensors and arrays only, in this process.

    It would run the code that a .pkl of scores or annotations asks for. Dumps with NaN or infinite
    scores are refused as well: the tools would rank them.
    """
    from mmengine.fileio.handlers import PickleHandler

    from ..evaluation.dumped_scores import check_dump, load_tensors

    def load_from_fileobj(self: Any, file: Any, **_: Any) -> Any:
        try:
            content = load_tensors(file)
        except Exception as error:  # bytes of another kind are taken for commands: anything
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
def imports_of_the_host(folder: Path, script: Path) -> Iterator[None]:
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


def before_import(tool: str) -> None:
    """Puts a stand-in where a tool imports, for looks only, what need not be installed."""
    if tool == 'analyze_logs' and 'seaborn' not in sys.modules and not is_importable('seaborn'):
        seaborn = types.ModuleType('seaborn')
        seaborn.set_style = lambda style: None  # type: ignore[attr-defined]
        sys.modules['seaborn'] = seaborn


def shape_from_config(module: Any) -> None:
    """get_flops knows the shape of an image only: without --shape it is that of the config's test.

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
    """What a recognizer sees of one view of a video: [1, 3, T, H, W], or [T, 3, H, W] in 2D.

    Raises:
        ValueError: The test pipeline does not end in frames of a known size.
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
    """Height and width of the frames behind a transform that fixes them."""
    if 'crop_size' in step:
        size = step.crop_size
        return (size, size) if isinstance(size, int) else (size[1], size[0])
    if step.type in ('Resize', 'CLIPResize') and not step.get('keep_ratio', True):
        return step.scale[1], step.scale[0]
    return None


def logs_of_mmengine(module: Any) -> None:
    """analyze_logs looks for ``mode``, which mmengine's logs no longer have beside each line."""
    load_json_logs = module.load_json_logs

    def load_with_mode(paths: list[str]) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            copies = [_with_mode(path, Path(folder, f'{i}.json')) for i, path in enumerate(paths)]
            return load_json_logs(copies)

    module.load_json_logs = load_with_mode


def _with_mode(path: str, copy: Path) -> str:
    """Writes a log whose lines say that they are of the training, with ``iter`` within an epoch."""
    lines = [json.loads(line) for line in Path(path).read_text().splitlines() if line.strip()]
    trained = [line for line in lines if 'epoch' in line]  # those of the validation have none
    first: dict[int, int] = {}  # what was done before an epoch
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


def evaluators_of_the_runner(module: Any) -> None:
    """eval_metric takes each config of ``test_evaluator`` for a metric; some are evaluators."""
    from mmaction.registry import EVALUATOR

    class_of_metrics = module.Evaluator

    def build(config: Any) -> Any:
        if isinstance(config, dict) and 'metrics' in config:
            return EVALUATOR.build(config)
        return class_of_metrics(config)

    module.Evaluator = build


def epochs_of_the_schedule(module: Any) -> None:
    """vis_scheduler compares ``by_epoch`` with the name of a loop, and draws one step per epoch."""
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


def clips_without_moviepy(module: Any) -> None:
    """vis_cam writes by ``moviepy.editor``, which newer moviepy no longer has."""
    if not has_moviepy_editor():
        editor = types.ModuleType('moviepy.editor')
        editor.ImageSequenceClip = ClipWriter  # type: ignore[attr-defined]
        sys.modules.setdefault('moviepy', types.ModuleType('moviepy'))
        sys.modules['moviepy.editor'] = editor


def features_without_the_head(module: Any) -> None:
    """clip_feature_extraction exchanges the head, so a checkpoint no longer fits the model.

    CheckWeightsHook, which refuses such a checkpoint, leaves it to mmengine here.
    """
    merge_args = module.merge_args

    def merge_and_allow(config: Any, args: Any) -> Any:
        config = merge_args(config, args)
        default_hooks = (config.get('default_hooks') or {}).values()
        for hook in [*default_hooks, *(config.get('custom_hooks') or [])]:
            if isinstance(hook, dict) and hook.get('type') == 'CheckWeightsHook':
                hook['allow_partial'] = True
        return config

    module.merge_args = merge_and_allow


def legible_confusion_matrix(module: Any) -> None:
    """Draw confusion_matrix in a size that follows its classes, with the names of the config.

    The host draws 10 x 10 inches whatever the number of classes, and ids unless --label-file is
    given.
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


MENDS: dict[str, Callable[[Any], None]] = {
    'analyze_logs': logs_of_mmengine,
    'clip_feature_extraction': features_without_the_head,
    'confusion_matrix': legible_confusion_matrix,
    'eval_metric': evaluators_of_the_runner,
    'get_flops': shape_from_config,
    'vis_cam': clips_without_moviepy,
    'vis_scheduler': epochs_of_the_schedule,
}
