"""Interleaved timing: order, ratios, child processes, memory."""

import sys
import time

import numpy as np
import pytest
import torch

from actionclip_mm.performance.measuring import (
    ChildFailed,
    ChildProcess,
    Way,
    largest_difference,
    measure,
    peak_bytes,
)


def test_ways_take_turns_after_one_warm_up():
    calls = []
    ways = [Way(name, lambda name=name: (calls.append(name), time.sleep(0.03))) for name in 'abc']
    timings = measure(ways, rounds=2)
    assert ''.join(calls) == 'abc' * 3
    assert [timing.name for timing in timings] == ['a', 'b', 'c']
    assert timings[0].speedup == timings[0].cpu_speedup == 1
    assert all(timing.wall > 0.03 > timing.cpu and timing.peak is None for timing in timings)
    assert all(timing.fastest <= timing.wall <= timing.slowest for timing in timings)


def test_a_speedup_is_the_time_of_the_first_way_over_that_of_this_one():
    ways = [Way('slow', lambda: time.sleep(0.2)), Way('fast', lambda: time.sleep(0.02))]
    assert measure(ways, rounds=1)[1].speedup > 3


def test_time_is_per_unit_of_work():
    ways = [Way('one', lambda: time.sleep(0.05)), Way('ten', lambda: time.sleep(0.05), work=10)]
    one, ten = measure(ways, rounds=1)
    assert ten.wall < 0.03 < one.wall


def test_short_calls_are_repeated_unless_they_are_prepared():
    calls = []
    ways = [
        Way('short', lambda: calls.append('short')),
        Way('prepared', lambda: calls.append('prepared'), prepare=lambda: calls.append('prepare')),
    ]
    measure(ways, rounds=2)
    assert calls.count('short') > 100
    assert calls.count('prepared') == calls.count('prepare') == 3


def test_a_child_process_is_measured_as_a_whole():
    code = 'import os, time; x = bytearray(60_000_000); time.sleep(float(os.environ["NAP"]))'
    child = ChildProcess([sys.executable, '-S', '-c', code], env=dict(NAP='0.1'))
    (timing,) = measure([Way('child', child)], rounds=1)
    assert timing.wall > 0.1 and timing.cpu > 0
    assert 60_000_000 < timing.peak < 200_000_000


def test_cpu_time_of_children_counts():
    code = 'sum(range(3_000_000))'
    child = ChildProcess([sys.executable, '-S', '-c', code])
    (timing,) = measure([Way('call', lambda: child.run())], rounds=1)
    assert timing.cpu > 0.01


def test_a_failing_child_says_why():
    with pytest.raises(ChildFailed, match='ended with 3: gone'):
        ChildProcess([sys.executable, '-S', '-c', 'print("gone"); raise SystemExit(3)']).run()


def test_peak_memory_counts_tensors_of_a_call():
    def call():
        for _ in range(3):
            torch.zeros(2**20)  # 4 MiB, freed at once

    assert 4 * 2**20 <= peak_bytes(call) < 6 * 2**20
    (timing,) = measure([Way('call', call)], rounds=1, memory=True)
    assert 4 * 2**20 <= timing.peak < 6 * 2**20


def test_largest_difference_of_arrays_and_tensors():
    assert largest_difference([np.zeros(3), torch.tensor([0, 0.5, -2.0])]) == 2
    assert largest_difference([torch.zeros(2, dtype=torch.bfloat16)] * 2) == 0
    assert largest_difference([[]]) == 0
