"""1, 2 and 4 processes give the loss and the gradients of one process on the whole batch.

So they do where each of them encodes its videos and sentences in micro-batches.
"""

import json

import pytest
import torch

pytestmark = pytest.mark.slow

TOLERANCE = 1e-5
NUM_CLASSES = 6
WORLDS = (1, 2, 4)
# videos per rank; 0 is one process without a process group
EVEN = {4: (2, 2, 2, 2), 2: (4, 4), 1: (8,), 0: (8,)}
UNEVEN = {4: (3, 1, 2, 2), 2: (5, 3), 1: (8,), 0: (8,)}
# the last number: videos and sentences that a process encodes at once (None: all of its share)
CASES = [
    (loss, labels, shares, pieces)
    for loss in ('VideoTextKLLoss', 'VideoAllTextKLLoss')
    for labels in ('ids', 'sets')
    for shares, pieces in ((EVEN, None), (UNEVEN, None))
]
CASES += [('VideoTextKLLoss', 'ids', UNEVEN, 2), ('VideoAllTextKLLoss', 'sets', UNEVEN, 2)]
WITH_SHAPES = range(len(CASES))
# label sets with videos that have none: on two processes one rank has more of them
CASES += [(loss, 'gaps', UNEVEN, None) for loss in ('VideoAllTextKLLoss', 'VideoTextBCELoss')]
# weights of classes; one of a class in the batch is 0
CASES += [('VideoTextKLLoss weighted', labels, UNEVEN, None) for labels in ('ids', 'sets')]
CASES += [('VideoAllTextKLLoss weighted', labels, UNEVEN, None) for labels in ('ids', 'gaps')]
CASES += [('VideoTextBCELoss weighted', 'sets', UNEVEN, None)]
NAMES = [
    f'{loss}-{labels}-{"-".join(map(str, shares[4]))}-{pieces}'
    for loss, labels, shares, pieces in CASES
]


@pytest.fixture(scope='module')
def results(tmp_path_factory, run_tool):
    """(world, rank) -> results of all cases; one start of four processes serves all tests."""
    folder = tmp_path_factory.mktemp('gloo')
    (folder / 'cases.json').write_text(json.dumps(CASES))
    run_tool('tests/gloo_worker.py', folder)
    files = [path.stem.split('_') for path in folder.glob('*_*.pt')]
    return {(int(w), int(r)): torch.load(folder / f'{w}_{r}.pt') for w, r in files}


@pytest.fixture
def alone(results):
    return results[0, 0]


@pytest.fixture(params=range(len(CASES)), ids=NAMES)
def case(request):
    return request.param


@pytest.mark.parametrize('world', WORLDS)
def test_loss_and_gradients(results, alone, case, world, record_property):
    expected = alone[case]
    largest = 0.0
    for rank in range(world):
        found = results[world, rank][case]
        assert found['loss'] == pytest.approx(expected['loss'], abs=TOLERANCE)
        assert found['gradients'].keys() == expected['gradients'].keys()
        for name, gradient in expected['gradients'].items():
            difference = (found['gradients'][name] - gradient).abs().max().item()
            allowed = TOLERANCE * max(1.0, gradient.abs().max().item())
            assert difference < allowed, f'{name} on rank {rank} differs by {difference}'
            largest = max(largest, difference)
    record_property('agreement', (CASES[case][0], f'gradients of {world} processes', largest))


def test_all_parts_learn(alone, case):
    names = alone[case]['gradients']
    for part in ('backbone.visual.conv1', 'label_encoder.text.token_embedding', 'logit_scale'):
        assert any(part in name and gradient.any() for name, gradient in names.items()), part


@pytest.mark.parametrize('world', WORLDS)
@pytest.mark.parametrize('case', WITH_SHAPES, ids=[NAMES[index] for index in WITH_SHAPES])
def test_each_process_computes_its_own_rows_only(results, case, world):
    loss, _, shares, _ = CASES[case]
    counts = shares[world]
    shapes = [results[world, rank][case]['shapes'] for rank in range(world)]
    if loss == 'VideoTextKLLoss':
        assert shapes == [[(count, 8), (count, 8)] for count in counts]  # B_local x B_global
    else:
        assert [first for first, _ in shapes] == [(count, NUM_CLASSES) for count in counts]
        assert sum(rows for _, (rows, _) in shapes) == 5  # one class has no video
        assert all(columns == 8 for _, (_, columns) in shapes)
