"""Train a linear classifier on colour histograms, a baseline without motion or shape.

    python tools/analysis/histogram_baseline.py

The mini benchmark is only meaningful if this stays far below the accuracy of a model.
"""

import argparse
from pathlib import Path

from _script import run_and_exit

# isort: split
import decord
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

BINS = 6  # per colour channel


def histogram(path: Path) -> np.ndarray:
    """Compute the fraction of pixels per colour bin over all frames of a clip, [BINS ** 3]."""
    reader = decord.VideoReader(str(path), num_threads=1)
    pixels = reader.get_batch(range(len(reader))).asnumpy().reshape(-1, 3)
    cells = (pixels.astype(int) * BINS) // 256
    index = (cells[:, 0] * BINS + cells[:, 1]) * BINS + cells[:, 2]
    return np.bincount(index, minlength=BINS**3) / len(index)


def read_split(root: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Compute histograms [N, BINS ** 3] and read labels [N] of a split."""
    lines = [line.split() for line in (root / f'{split}.txt').read_text().splitlines()]
    features = np.stack([histogram(root / 'videos' / path) for path, _ in lines])
    return np.sqrt(features), np.array([int(label) for _, label in lines])


def histogram_accuracy(root: Path) -> tuple[float, float]:
    """Compute the top-1 accuracy on the validation clips, and chance."""
    train, val = read_split(root, 'train'), read_split(root, 'val')
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    model.fit(*train)
    return float(model.score(*val)), 1 / len(np.unique(train[1]))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--root', type=Path, default=Path('data/mini'), help='folder of the mini benchmark'
    )
    accuracy, chance = histogram_accuracy(parser.parse_args(argv).root)
    print(f'colour histograms: top-1 {accuracy:.1%} on seen classes (chance: {chance:.1%})')


if __name__ == '__main__':
    run_and_exit(main)
