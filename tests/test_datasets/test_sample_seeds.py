"""SampleSeeds: random numbers depend on seed, epoch and index only."""

import copy

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from actionclip_mm.datasets.sample_seeds import SampleSeeds


class Draws(Dataset):
    """Eight random numbers."""

    def __init__(self) -> None:
        self.seeds = SampleSeeds()

    def __len__(self) -> int:
        return 8

    def __getitem__(self, idx: int) -> float:
        self.seeds.seed(idx)
        return np.random.random()


def epoch(loader: DataLoader, number: int, repeats: bool = False) -> list[float]:
    loader.dataset.seeds.set_epoch(3, number, repeats)
    return torch.cat(list(loader)).tolist()


@pytest.mark.parametrize('persistent', [False, True])
@pytest.mark.parametrize('dataset', [Draws(), copy.deepcopy(Draws())], ids=['itself', 'copied'])
def test_epochs_differ_and_numbers_of_workers_do_not(persistent: bool, dataset: Draws) -> None:
    alone = DataLoader(dataset, batch_size=2)
    expected = [epoch(alone, number) for number in range(3)]
    assert len({number for numbers in expected for number in numbers}) == 24
    several = DataLoader(dataset, batch_size=2, num_workers=2, persistent_workers=persistent)
    assert [epoch(several, number) for number in range(3)] == expected
    assert [epoch(alone, number) for number in (2, 0)] == [expected[2], expected[0]]


def test_a_copy_of_a_used_one_reaches_its_workers() -> None:
    dataset = Draws()
    dataset.seeds.set_epoch(3, 0, False)
    loader = DataLoader(copy.deepcopy(dataset), num_workers=1, persistent_workers=True)
    assert epoch(loader, 0) != epoch(loader, 1)


def test_nothing_is_seeded_before() -> None:
    loader = DataLoader(Draws(), batch_size=8)
    assert not torch.equal(*(next(iter(loader)) for _ in range(2)))


def test_repeats_of_a_sample_differ() -> None:
    seeds = SampleSeeds()

    def draws() -> list[float]:
        seeds.set_epoch(3, 0, repeats=True)
        numbers = []
        for _ in range(3):
            seeds.seed(1)
            numbers.append(np.random.random())
        return numbers

    first = draws()
    assert len(set(first)) == 3
    seeds.set_epoch(3, 1, repeats=True)
    seeds.seed(1)
    assert draws() == first  # counted anew in each epoch
