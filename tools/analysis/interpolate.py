"""Test weight averages of a zero-shot and a fine-tuned model (WiSE-FT, Wortsman et al., CVPR 2022).

    python tools/analysis/interpolate.py ZERO_SHOT FINE_TUNED --alpha 0,0.25,0.5,0.75,1 \\
        --test SEEN_CONFIG --test UNSEEN_CONFIG [--save-alpha 0.5 --out averaged.safetensors]

Weights are (1 - alpha) · ZERO_SHOT + alpha · FINE_TUNED. ZERO_SHOT is a checkpoint, a CLIP file in
any layout that `actionclip convert` reads, or `pretrained` for the weights named by the first
config. Modules that only FINE_TUNED has (neck) keep their fine-tuned values at every alpha.
Writes curve.md, curve.csv and curve.png.
"""

import argparse
import csv
import io
import sys
import time
from pathlib import Path

from _script import run_and_exit

# isort: split
import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.model import is_model_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import Tensor

from actionclip_mm.apis.building import read_model_config
from actionclip_mm.clip.hub import skip_loading_weights
from actionclip_mm.clip.state_dict import load_state_dict_or_explain, read_content, read_state_dict
from actionclip_mm.clip.weight_files import sha256, write_weights
from actionclip_mm.converters import SOURCES, Hints, convert, interpolate
from actionclip_mm.utils import check_weights_path, check_writable, write_figure, write_text

# Modules that fine-tuning can add to a CLIP.
ADDED = (
    'neck.',
    'backbone.visual_prompt.',
    'cls_head.projection.',
    'cls_head.label_encoder.context.',
)
PRETRAINED = 'pretrained'

State = dict[str, Tensor]
Row = tuple[float, list[dict[str, float]]]  # alpha, and the metrics of each config


def read_zero_shot(name: str, source: str, cfg: Config) -> State:
    """Read the weights before fine-tuning, with the keys of ``CLIPRecognizer``."""
    if name == PRETRAINED:
        init_default_scope(cfg.get('default_scope', 'mmaction'))
        state = MODELS.build(cfg.model).state_dict()
        return {key: value for key, value in state.items() if not key.startswith(ADDED)}
    state = read_state_dict(name)
    if any(key.startswith('backbone.') for key in state):
        return state
    hints = Hints()
    if cfg.model.backbone.type == 'CLIPImageEncoder':  # shapes do not determine the number of heads
        hints.arch = cfg.model.backbone.to_dict().get('arch', 'ViT-B-16')
    return convert(read_content(name), source, hints).state


def added_modules(zero_shot: State, fine_tuned: State) -> list[str]:
    """List prefixes of modules that only the fine-tuned model has."""
    return [
        prefix
        for prefix in ADDED
        if any(name.startswith(prefix) for name in fine_tuned)
        and not any(name.startswith(prefix) for name in zero_shot)
    ]


def build_runner(cfg: Config, index: int, work_dir: Path) -> Runner:
    """Build a quiet test runner; weights are loaded into its model later."""
    cfg = cfg.copy()
    stem = Path(cfg.filename).stem
    cfg.work_dir = str(work_dir / f'test_{index}_{stem}')
    cfg.experiment_name = f'{stem}_{index}_{time.time_ns()}'  # mmengine requires unique names
    cfg.load_from, cfg.resume, cfg.log_level = None, False, 'WARNING'
    if cfg.get('test_dataloader') is None:
        raise ValueError(f'{cfg.filename} has no test_dataloader: --test needs a config with one.')
    with skip_loading_weights():
        return Runner.from_cfg(cfg)


def test(runner: Runner, state: State) -> dict[str, float]:
    """Test weights on the test set of a runner and return the metrics."""
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    misfit = load_state_dict_or_explain(model, state)
    if misfit is not None:
        raise ValueError(
            f'The weights do not fit {runner.cfg.filename} ({misfit}): --test needs a config of '
            'the fine-tuned model.'
        )
    metrics = runner.test()
    return {
        name: float(value)
        for name, value in metrics.items()
        if not name.startswith('videos/')  # counts of CompleteEvaluator, which logs failures itself
    }


def write_tables(rows: list[Row], configs: list[str], note: str, work_dir: Path) -> str:
    """Write curve.md and curve.csv, and return the markdown."""
    columns = [(index, name) for index in range(len(configs)) for name in rows[0][1][index]]
    header = ['alpha', *(f'{configs[index]} {name}' for index, name in columns)]
    body = [[alpha, *(metrics[index][name] for index, name in columns)] for alpha, metrics in rows]
    table = io.StringIO(newline='')
    csv.writer(table).writerows([header, *body])
    write_text(work_dir / 'curve.csv', table.getvalue())
    lines = ['# WiSE-FT: averages of zero-shot and fine-tuned weights', '', note]
    for index, config in enumerate(configs):
        names = list(rows[0][1][index])
        lines += ['', f'## {config}', '', f'| alpha | {" | ".join(names)} |']
        lines += ['|' + '---|' * (1 + len(names))]
        for alpha, metrics in rows:
            cells = [f'{metrics[index][name]:.4f}' for name in names]
            lines.append(f'| {alpha:g} | {" | ".join(cells)} |')
    text = '\n'.join([*lines, '', '![curve](curve.png)', ''])
    write_text(work_dir / 'curve.md', text)
    return text


def plot(rows: list[Row], configs: list[str], metrics: list[str], path: Path) -> None:
    """Plot each config's metric over alpha and, for two configs, one against the other."""
    alphas = [alpha for alpha, _ in rows]
    curves = [[values[i][name] for _, values in rows] for i, name in enumerate(metrics)]
    figure, axes = plt.subplots(1, 1 + (len(configs) == 2), figsize=(5.2 * len(configs[:2]), 3.6))
    left = axes[0] if len(configs) == 2 else axes
    for config, metric, curve in zip(configs, metrics, curves, strict=True):
        left.plot(alphas, curve, marker='o', label=f'{config}: {metric}')
    left.set(xlabel='alpha (0 zero-shot, 1 fine-tuned)', ylabel='metric')
    left.legend(fontsize=7)
    if len(configs) == 2:
        axes[1].plot(*curves, marker='o')
        for alpha, x, y in zip(alphas, *curves, strict=True):
            axes[1].annotate(f'{alpha:g}', (x, y), (4, 4), textcoords='offset points', fontsize=7)
        axes[1].set_xlabel(f'{configs[0]}: {metrics[0]}', fontsize=8)
        axes[1].set_ylabel(f'{configs[1]}: {metrics[1]}', fontsize=8)
    figure.tight_layout()
    write_figure(path, figure, dpi=110)
    plt.close(figure)


def evaluate(
    args: argparse.Namespace, zero_shot: State, fine_tuned: State, added: list[str]
) -> list[Row]:
    """Test each alpha on each config, and print progress."""
    runners = [
        build_runner(read_model_config(config), index, args.work_dir)
        for index, config in enumerate(args.test)
    ]
    rows: list[Row] = []
    for number, alpha in enumerate(args.alpha, start=1):
        start = time.time()
        state = interpolate(zero_shot, fine_tuned, alpha, added)
        rows.append((alpha, [test(runner, state) for runner in runners]))
        said = '; '.join(
            f'{config.stem} ' + ', '.join(f'{name} {value:.4f}' for name, value in metrics.items())
            for config, metrics in zip(args.test, rows[-1][1], strict=True)
        )
        seconds = time.time() - start
        print(f'[{number}/{len(args.alpha)}] alpha {alpha:g}: {said} ({seconds:.0f} s)', flush=True)
    return rows


def main_metric(metrics: dict[str, float], wanted: str | None) -> str:
    """Choose the metric to plot: ``wanted``, or the first.

    Raises:
        ValueError: ``metrics`` is empty or does not contain ``wanted``.
    """
    if not metrics:
        raise ValueError('The test has no metrics: set test_evaluator in the config.')
    if wanted is not None and wanted not in metrics:
        raise ValueError(f"--metric '{wanted}' is unknown: set one of {', '.join(metrics)}.")
    return wanted or next(iter(metrics))


def run(args: argparse.Namespace) -> None:
    """Average, test and report.

    Raises:
        FileNotFoundError: A file does not exist.
        ValueError: The models or the options do not match.
    """
    if (args.save_alpha is None) != (args.out is None):
        raise ValueError('--save-alpha and --out must be used together.')
    if args.out is not None:
        check_weights_path(args.out)
        check_writable(args.out)
    check_writable(args.work_dir / 'curve.md')
    zero_shot = read_zero_shot(args.zero_shot, args.source, read_model_config(args.test[0]))
    fine_tuned = read_state_dict(args.fine_tuned)
    added = added_modules(zero_shot, fine_tuned)
    note = (
        f'Only the fine-tuned model has {", ".join(p.rstrip(".") for p in added)}. It keeps its '
        'fine-tuned values at every alpha, so alpha 0 is not exactly the zero-shot model.'
        if added
        else 'Both models have the same modules.'
    )
    print(note)
    if args.save_alpha is not None:
        state = interpolate(zero_shot, fine_tuned, args.save_alpha, added)
        meta = dict(alpha=str(args.save_alpha), fine_tuned_sha256=sha256(args.fine_tuned))
        write_weights(args.out, state, meta)
        print(f'Wrote {args.out}, SHA-256 {sha256(args.out)}')
    rows = evaluate(args, zero_shot, fine_tuned, added)
    metrics = [main_metric(values, args.metric) for values in rows[0][1]]
    configs = [config.stem for config in args.test]
    print(write_tables(rows, configs, note, args.work_dir))
    plot(rows, configs, metrics, args.work_dir / 'curve.png')
    print(f'Wrote curve.md, curve.csv and curve.png to {args.work_dir}.')


def alphas(text: str) -> list[float]:
    """Parse comma-separated numbers in [0, 1]."""
    numbers = sorted({float(part) for part in text.split(',')})
    if not all(0 <= number <= 1 for number in numbers):
        raise argparse.ArgumentTypeError(f'alphas must be in [0, 1], got {text}')
    return numbers


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('zero_shot', help=f"checkpoint, CLIP file or '{PRETRAINED}'")
    parser.add_argument('fine_tuned', help='checkpoint written by training')
    parser.add_argument(
        '--test', type=Path, nargs='+', action='extend', required=True, metavar='CONFIG'
    )
    tenths = ','.join(f'{i / 10:g}' for i in range(11))
    parser.add_argument('--alpha', type=alphas, default=alphas(tenths), help=f'default: {tenths}')
    parser.add_argument('--metric', help='metric to plot (default: the first of each config)')
    parser.add_argument(
        '--source', default='auto', choices=['auto', *SOURCES], help='layout of ZERO_SHOT'
    )
    parser.add_argument('--save-alpha', type=float, help='alpha of the average to save as --out')
    parser.add_argument('--out', type=Path, help='.safetensors or .pth')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/interpolate'))
    try:
        run(parser.parse_args(argv))
    except (ValueError, OSError) as error:
        sys.exit(f'Error: {error}')


if __name__ == '__main__':
    run_and_exit(main)
