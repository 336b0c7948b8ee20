"""Mean, standard deviation and harmonic mean against numbers worked by hand."""

import pytest

from actionclip_mm.protocols.protocol import HarmonicMean, MeanStd, harmonic_mean


def results(**parts: list[float]) -> list[dict]:
    return [
        dict(part=part, metrics={'acc/top1': value})
        for part, values in parts.items()
        for value in values
    ]


def test_bike_on_kinetics600() -> None:
    """70.14, 68.31 and 67.15 are published as 68.53 ± 1.23: numpy's ddof 0."""
    (row,) = MeanStd('splits').compute(results(test=[0.7014, 0.6831, 0.6715]))
    assert round(100 * row['mean'], 2) == 68.53
    assert round(100 * row['std'], 2) == 1.23
    assert (row['ddof'], row['n']) == (0, 3)
    (row,) = MeanStd('splits', ddof=1).compute(results(test=[0.7014, 0.6831, 0.6715]))
    assert round(100 * row['std'], 2) == 1.51


def test_one_run_has_no_spread() -> None:
    (row,) = MeanStd('draws').compute(results(test=[0.5]))
    assert row['mean'] == 0.5 and row['std'] is None


def test_the_rule_says_what_was_done_with_so_many_runs() -> None:
    assert MeanStd('draws').rule(1) == 'one run'
    assert MeanStd('draws').rule(3) == 'mean ± std (ddof=0) over draws'
    assert MeanStd('draws', ddof=1).rule(3) == 'mean ± std (ddof=1) over draws'
    means = 'HM = 2·base·novel/(base+novel) of the two means'
    assert HarmonicMean('seeds').rule(1) == f'one run; {means}'
    assert HarmonicMean('seeds').rule(3) == f'mean ± std (ddof=0) over seeds; {means}'


def test_two_runs_have_one_whatever_ddof() -> None:
    for ddof, std in ((0, 0.1), (1, 0.1414214)):
        (row,) = MeanStd('seeds', ddof).compute(results(test=[0.5, 0.7]))
        assert row['std'] == pytest.approx(std)


def test_harmonic_mean_of_the_averages() -> None:
    """Not the average of the harmonic means, which is another number."""
    rows = HarmonicMean('seeds').compute(results(base=[0.9, 0.7], novel=[0.2, 0.6]))
    means = {row['part']: row['mean'] for row in rows}
    assert means == pytest.approx({'base': 0.8, 'novel': 0.4, 'harmonic mean': 2 * 0.32 / 1.2})
    assert harmonic_mean(0.929, 0.677) == pytest.approx(0.783, abs=5e-4)  # ViFi-CLIP on UCF101
    assert harmonic_mean(0.0, 0.0) == 0.0
