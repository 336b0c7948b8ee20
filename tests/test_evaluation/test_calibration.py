"""Calibration: formulas by hand, properties, refusals."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from actionclip_mm.evaluation import auroc, expected_calibration_error, fit_temperature
from actionclip_mm.evaluation.calibration import reliability


def drawn(scale: float, count: int = 4000, classes: int = 5, seed: int = 0) -> tuple:
    """Logits whose softmax the labels follow, multiplied by a scale; and the labels."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 1.5, (count, classes))
    labels = [generator.choice(classes, p=row) for row in softmax(logits, axis=1)]
    return scale * logits, np.array(labels)


def test_ece_by_hand() -> None:
    probs = np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.45, 0.55]])
    labels = [0, 1, 1, 0]  # right, wrong, right, wrong
    # two bins, (0.5, 1] holds all: |mean(0.9, 0.9, 0.7, 0.55) - 0.5|
    assert expected_calibration_error(probs, labels, 2) == pytest.approx(0.7625 - 0.5)
    # 10 bins: 2/4 |0.9 - 0.5| + 1/4 |0.7 - 1| + 1/4 |0.55 - 0|
    assert expected_calibration_error(probs, labels, 10) == pytest.approx(0.2 + 0.075 + 0.1375)


def test_ece_agrees_with_torchmetrics_formula() -> None:
    """torchmetrics.functional.classification.calibration_error: bucketize, then scatter means."""
    logits, labels = drawn(2.0, 500)
    probs = torch.softmax(torch.from_numpy(logits), dim=1)
    confidence, found = probs.max(dim=1)
    right = (found == torch.from_numpy(labels)).double()
    bounds = torch.linspace(0, 1, 16, dtype=torch.float64)
    index = torch.bucketize(confidence, bounds, right=True) - 1
    zeros = torch.zeros(16, dtype=torch.float64)
    count = zeros.scatter_add(0, index, torch.ones_like(confidence))
    conf = torch.nan_to_num(zeros.scatter_add(0, index, confidence) / count)
    acc = torch.nan_to_num(zeros.scatter_add(0, index, right) / count)
    expected = float(((acc - conf).abs() * count / count.sum()).sum())
    assert expected_calibration_error(probs, labels) == pytest.approx(expected, abs=1e-12)


def test_a_border_belongs_to_the_bin_below_it() -> None:
    bins = reliability([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]], [0, 0, 0], 2)
    assert [part.videos for part in bins] == [2, 1]
    assert bins[0].confidence == 0.5 and bins[1].accuracy == 1


def test_auroc_is_the_share_of_ordered_pairs() -> None:
    probs = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.6, 0.4]])
    labels = [0, 0, 1, 1]  # right at 0.9 and 0.6, wrong at 0.7 and 0.6
    assert auroc(probs, labels) == pytest.approx((1 + 1 + 0 + 0.5) / 4)


@pytest.mark.parametrize('label', [0, 1])
def test_auroc_of_answers_that_are_all_alike_is_nan(label: int) -> None:
    assert np.isnan(auroc([[0.9, 0.1], [0.8, 0.2]], [label, label]))


@pytest.mark.parametrize('scale', [0.5, 1.0, 3.0])
def test_the_temperature_undoes_a_scale(scale: float) -> None:
    logits, labels = drawn(scale)
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(scale, rel=0.08)
    calibrated = softmax(logits / temperature, axis=1)
    assert expected_calibration_error(calibrated, labels) < 0.03


def test_twice_the_logits_is_twice_the_temperature() -> None:
    logits, labels = drawn(1.0, 300)
    once, twice = fit_temperature(logits, labels), fit_temperature(2 * logits, labels)
    assert twice == pytest.approx(2 * once, rel=1e-3)


def test_a_function_of_the_temperature_is_the_same() -> None:
    logits, labels = drawn(2.0, 300)
    tensor = torch.from_numpy(logits)
    found = fit_temperature(lambda t: (tensor / t).softmax(dim=1), torch.from_numpy(labels))
    assert found == pytest.approx(fit_temperature(tensor, labels), rel=1e-3)


def test_the_minimum_is_that_of_a_fine_grid() -> None:
    logits, labels = drawn(2.0, 200)

    def loss(temperature: float) -> float:
        return -log_softmax(logits / temperature, axis=1)[range(200), labels].mean()

    best = fit_temperature(logits, labels)
    assert loss(best) <= min(map(loss, np.geomspace(0.01, 100, 2001))) + 1e-9


def test_right_answers_alone_end_at_the_border() -> None:
    assert fit_temperature(np.eye(3) * 10, [0, 1, 2]) < 0.1
    assert fit_temperature(np.eye(3) * 10, [1, 2, 0]) > 50


@given(st.integers(0, 100), st.floats(0.05, 20))
def test_the_order_of_classes_stays(seed: int, temperature: float) -> None:
    logits = np.random.default_rng(seed).normal(size=(4, 6))
    scaled = softmax(logits / temperature, axis=1)
    assert (scaled.argsort(axis=1) == logits.argsort(axis=1)).all()


@pytest.mark.parametrize(
    ('probs', 'labels', 'said'),
    [
        (np.zeros((0, 3)), [], 'not empty'),
        (np.zeros((2, 3)), [0], r'\(2, 3\).*1 labels'),
        ([[0.5, np.nan]], [0], 'finite'),
        ([[0.5, 0.5]], [2], 'below 2'),
    ],
)
def test_refusals(probs: np.ndarray, labels: list[int], said: str) -> None:
    for measure in (fit_temperature, expected_calibration_error, auroc):
        with pytest.raises(ValueError, match=said):
            measure(probs, labels)


def test_logits_are_not_probabilities() -> None:
    with pytest.raises(ValueError, match='apply a softmax'):
        expected_calibration_error([[3.0, -1.0]], [0])
