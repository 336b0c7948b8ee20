"""Write the report of the mini benchmark: markdown tables, and curves, bars and frames as PNG.

Usage: python tools/analysis/mini_report.py WORK_DIR [--data-root data/mini] [--seconds train=200]
Reads the output of `actionclip demo` in WORK_DIR: the training log, seen.pkl and unseen.pkl.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path += map(str, Path(__file__).resolve().parents[1:3])  # of what is not installed

from _entry import run_tool

# isort: split
import matplotlib

matplotlib.use('Agg')

import decord
import matplotlib.pyplot as plt
import numpy as np
import torch

from actionclip_mm.evaluation import OrderPairAccuracy, read_dump
from actionclip_mm.utils import write_figure, write_text
from actionclip_mm.utils.generated_set import check_generated_set

BAR_HEIGHT = 0.22  # inches per class
FRAMES_SHOWN = 8


@dataclass
class Split:
    """Scores and ground truth of a split.

    Attributes:
        names: C class names.
        videos: N paths.
        truth: Ground-truth class ids [N].
        scores: Class probabilities [N, C].
        pairs: Class ids [M, 2] of pairs that differ only in frame order.
    """

    names: list[str]
    videos: list[Path]
    truth: np.ndarray
    scores: np.ndarray
    pairs: np.ndarray

    @property
    def top1(self) -> float:
        return float((self.scores.argmax(axis=1) == self.truth).mean())

    @property
    def per_class(self) -> np.ndarray:
        """Accuracy of each class [C]."""
        right = self.scores.argmax(axis=1) == self.truth
        return np.array([right[self.truth == label].mean() for label in range(len(self.names))])

    @property
    def order(self) -> float:
        """Order accuracy: how often the true class scores above its mirrored one; chance is 0.5."""
        metric = OrderPairAccuracy(pairs=self.pairs.tolist())
        rows = zip(torch.from_numpy(self.truth), torch.from_numpy(self.scores), strict=True)
        metric.process(None, [dict(gt_label=label, pred_score=score) for label, score in rows])
        return metric.compute_metrics(metric.results)['accuracy']


def read_split(data_root: Path, labels: str, annotations: str, dump: Path) -> Split:
    """Read an annotation list and the scores that `tools/test.py --dump` wrote for it."""
    check_generated_set(data_root / annotations)
    names = (data_root / f'labels_{labels}.txt').read_text().splitlines()
    rows = [line.rsplit(' ', 1) for line in (data_root / annotations).read_text().splitlines()]
    truth = np.array([int(label) for _, label in rows])
    scores, dumped = read_dump(dump)
    if not np.array_equal(truth[:, None] == np.arange(len(names)), dumped):  # [N, C]
        raise ValueError(f'{dump} was not written for {annotations}: run the test again.')
    pairs = np.loadtxt(data_root / f'order_pairs_{labels}.txt', dtype=int, ndmin=2)
    videos = [data_root / 'videos' / path for path, _ in rows]
    return Split(names, videos, truth, scores, pairs)


def read_log(work_dir: Path) -> list[dict]:
    """Read the latest training log: one dict per line, of losses or of validation metrics."""
    logs = sorted(work_dir.glob('*/vis_data/scalars.json'))
    if not logs:
        raise FileNotFoundError(f'{work_dir} has no training log: train first.')
    rows = [json.loads(line) for line in logs[-1].read_text().splitlines()]
    if not any('loss' in row for row in rows):
        raise ValueError(f"'{logs[-1]}' has no losses: train for more iterations.")
    return rows


def plot_curves(log: list[dict], path: Path) -> None:
    losses = [(row['step'], row['loss']) for row in log if 'loss' in row]
    metrics = [row for row in log if 'acc/top1' in row]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2))
    left.plot(*zip(*losses, strict=True))
    left.set(xlabel='iteration', ylabel='KL loss', title='training')
    rates = [key for key in metrics[0] if '/' in key] if metrics else []
    for key in [key for key in rates if not key.startswith('videos/')]:  # counts, not rates
        right.plot([row['step'] for row in metrics], [row[key] for row in metrics], label=key)
    right.set(xlabel='epoch', ylim=(0, 1.02), title='validation on seen classes')
    right.legend(fontsize=8)
    _save(figure, path)


def plot_per_class(splits: dict[str, Split], path: Path) -> None:
    tallest = max(len(split.names) for split in splits.values())
    figure, axes = plt.subplots(1, len(splits), figsize=(11, 1 + BAR_HEIGHT * tallest))
    for axis, (title, split) in zip(np.atleast_1d(axes), splits.items(), strict=True):
        axis.barh(range(len(split.names)), split.per_class)
        axis.set_yticks(range(len(split.names)), split.names, fontsize=7)
        axis.set(xlim=(0, 1), title=f'{title}: top-1 {split.top1:.1%}')
        axis.invert_yaxis()
    _save(figure, path)


def plot_strips(splits: dict[str, Split], path: Path, per_split: int = 4) -> None:
    """Plot frames of one clip of evenly spaced classes, with the top 3 class names."""
    chosen = []
    for title, split in splits.items():
        for label in np.linspace(0, len(split.names) - 1, per_split).astype(int):
            chosen.append((title, split, int(np.flatnonzero(split.truth == label)[0])))
    figure, axes = plt.subplots(len(chosen), 1, figsize=(11, 1.45 * len(chosen)))
    for axis, (title, split, index) in zip(axes, chosen, strict=True):
        frames = decord.VideoReader(str(split.videos[index]))
        steps = np.linspace(0, len(frames) - 1, FRAMES_SHOWN).astype(int)
        axis.imshow(np.concatenate(frames.get_batch(steps).asnumpy(), axis=1))
        axis.axis('off')
        best = split.scores[index].argsort()[::-1][:3]
        said = '\n'.join(f'{split.scores[index, c]:5.1%}  {split.names[c]}' for c in best)
        truth = split.names[split.truth[index]]
        axis.set_title(f'{title}: {truth}', loc='left', fontsize=9)
        colour = 'darkgreen' if best[0] == split.truth[index] else 'darkred'
        axis.text(1.01, 0.5, said, transform=axis.transAxes, va='center', color=colour, fontsize=9)
    _save(figure, path)


def _save(figure: plt.Figure, path: Path) -> None:
    figure.tight_layout()
    write_figure(path, figure, dpi=110, bbox_inches='tight')
    plt.close(figure)


def write_markdown(seen: Split, unseen: Split, seconds: list[str], path: Path) -> str:
    """Write the report and return its text."""
    chance = 1 / len(unseen.names)
    rows = [
        ('top-1, seen classes', len(seen.names), seen.top1, 1 / len(seen.names)),
        ('order accuracy, seen classes', 2 * len(seen.pairs), seen.order, 0.5),
        ('top-1, unseen class names (zero-shot)', len(unseen.names), unseen.top1, chance),
        ('order accuracy, unseen classes', 2 * len(unseen.pairs), unseen.order, 0.5),
    ]
    lines = ['# ActionCLIP on the mini benchmark', '']
    lines += ['| measure | classes | measured | chance |', '|---|---|---|---|']
    lines += [f'| {n} | {count} | {value:.1%} | {base:.1%} |' for n, count, value, base in rows]
    lines += ['', f'Zero-shot is {unseen.top1 / chance:.1f} times chance.', '']
    if seconds:
        lines += ['Seconds: ' + ', '.join(s.replace('=', ' ') for s in seconds) + '.', '']
    for title, name in (
        ('Training', 'curves'),
        ('Accuracy per class', 'per_class'),
        ('Clips and their top 3 classes', 'strips'),
    ):
        lines += [f'## {title}', '', f'![{title}]({name}.png)', '']
    text = '\n'.join(lines)
    write_text(path, text)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('work_dir', type=Path)
    parser.add_argument('--data-root', type=Path, default=Path('data/mini'))
    parser.add_argument(
        '--seconds', nargs='*', default=[], help='STEP=SECONDS, printed in the report'
    )
    args = parser.parse_args()
    seen = read_split(args.data_root, 'seen', 'val.txt', args.work_dir / 'seen.pkl')
    unseen = read_split(args.data_root, 'unseen', 'unseen.txt', args.work_dir / 'unseen.pkl')
    splits = {'seen': seen, 'unseen': unseen}
    plot_curves(read_log(args.work_dir), args.work_dir / 'curves.png')
    plot_per_class(splits, args.work_dir / 'per_class.png')
    plot_strips(splits, args.work_dir / 'strips.png')
    print(write_markdown(seen, unseen, args.seconds, args.work_dir / 'report.md'))


if __name__ == '__main__':
    run_tool(main)
