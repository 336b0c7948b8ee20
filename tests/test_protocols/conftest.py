"""What tests of protocols share: a synthetic data set in the documented layout, and a card."""

from collections.abc import Callable
from pathlib import Path

import pytest

from actionclip_mm.protocols.card import Card, make_card

NAMES = ['ApplyEyeMakeup', 'Archery', 'Bowling', 'CliffDiving', 'Diving']


@pytest.fixture
def make_ucf101(tmp_path: Path) -> Callable[..., Path]:
    """Function that writes the lists of a UCF101 of few classes: returns the data root."""

    def make(train: int = 4, test: int = 2, names: list[str] = NAMES) -> Path:
        folder = tmp_path / 'data' / 'ucf101'
        (folder / 'videos').mkdir(parents=True)
        (folder / 'labels.txt').write_text('\n'.join(names) + '\n')
        every: dict[str, None] = {}
        for split in (1, 2, 3):
            for kind, number in (('train', train), ('val', test)):
                lines = [
                    f'{name}/v {name} {kind}{split} {index}.avi {label}'
                    for label, name in enumerate(names)
                    for index in range(number)
                ]
                (folder / f'ucf101_{kind}_split_{split}_videos.txt').write_text('\n'.join(lines))
                every.update(dict.fromkeys(lines))
        (folder / 'ucf101_all_videos.txt').write_text('\n'.join(every))
        return tmp_path / 'data'

    return make


@pytest.fixture
def sections() -> dict:
    """All sections of a card of two runs."""
    run = dict(
        run='split1', part='test', seed=0, training_seed=None,
        classes=dict(
            count=5, sha256='a' * 64, identity='1' * 64, published=None, rule='all classes'
        ),
        test_list=dict(count=10, sha256='b' * 64, identity='2' * 64, published=None),
        train_list=None,
        checkpoint_sha256='c' * 64,
        videos=dict(listed=10, scored=10, failed=1),
        failed_videos=['a.avi\tempty file'],
        metrics={'acc/top1': 0.5, 'acc/top5': 1.0},
        per_class=dict(
            metric='top-1 accuracy',
            classes=[
                dict(name='Archery', videos=10, value=0.5),
                dict(name='a | b', videos=0, value=None),
            ],
        ),
    )  # fmt: skip
    other = run | dict(
        run='split2',
        videos=dict(listed=10, scored=10, failed=0),
        failed_videos=[],
        metrics={'acc/top1': 0.7, 'acc/top5': 1.0},
    )
    return dict(
        protocol=dict(
            id='zero_shot_ucf101_z3', meaning='Zero-shot.', dataset='ucf101', shots=None,
            statistic='mean ± std (ddof=0) over 3 splits', differences=['split1 test: 10 listed'],
        ),
        model=dict(
            config='configs/x.py', config_sha256='d' * 64, options={}, recognizer='CLIPRecognizer',
            backbone='CLIPImageEncoder', arch='ViT-B-16', pretrained='openai', visual_prompt=None,
            pooling='TransfPrompt', head='VideoTextHead', test_scale=100.0, mean=[1.0], std=[2.0],
            checkpoint_sha256='c' * 64,
        ),
        text=dict(
            templates=['{}', 'a video of {}'], num_templates=2, ensemble='prob', split_names=True,
            context=False,
        ),
        test=dict(
            frames=8, clips=1, crops=1, average_clips='prob', scores='softmax',
            sampling=dict(type='UniformSample', clip_len=8), resize=[], crop=[],
            modality='video files',
        ),
        training=None,
        runs=[run, other],
        statistics=[
            dict(part='test', metric='acc/top1', mean=0.6, std=0.1, ddof=0, n=2),
            dict(part='test', metric='acc/top5', mean=1.0, std=0.0, ddof=0, n=2),
        ],
        evidence=[
            dict(run='split1', part='test', file='split1/test/scores.safetensors', sha256='e' * 64)
        ],
        made=dict(
            date='2026-01-01T00:00:00+00:00', seconds=1.5, processes=1, command='python …',
            versions=dict(python='3.11'), git_commit=None, device='CPU',
        ),
    )  # fmt: skip


@pytest.fixture
def card(sections: dict) -> Card:
    return make_card(**sections)
