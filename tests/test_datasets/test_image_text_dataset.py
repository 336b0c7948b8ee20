"""Captioned images pass mmaction2's pipeline as videos of one frame."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS

PIPELINE = [
    dict(type='ImageDecode'),
    dict(type='Resize', scale=(16, 16), keep_ratio=False),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs', meta_keys=('img_shape', 'captions')),
]
CAPTIONS = [['red circle', 'red', 'circle'], ['blue square', 'blue', 'square']]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = []
    for index, captions in enumerate(CAPTIONS):
        cv2.imwrite(str(tmp_path / f'{index}.png'), np.full((20, 24, 3), 90 * index, np.uint8))
        lines.append(json.dumps(dict(image=f'{index}.png', captions=captions)) + '\n')
    (tmp_path / 'captions.jsonl').write_text(''.join(lines))
    return tmp_path


def build(folder: Path, **kwargs):
    return DATASETS.build(
        dict(
            type='ImageTextDataset',
            ann_file=str(folder / 'captions.jsonl'),
            data_prefix=dict(img=str(folder)),
            pipeline=PIPELINE,
            **kwargs,
        )
    )


def test_one_frame_and_its_captions(folder: Path) -> None:
    item = build(folder)[1]
    assert item['inputs'].shape == (1, 3, 1, 16, 16)  # [V, 3, T, H, W]
    assert item['data_samples'].captions == CAPTIONS[1]


def test_labels_among_the_captions_are_marked(folder: Path) -> None:
    dataset = build(folder, test_mode=True, labels=['circle', 'square', 'blue'])
    assert torch.equal(dataset[1]['data_samples'].gt_label, torch.tensor([0.0, 1.0, 1.0]))


@pytest.mark.parametrize('line', ['{', '{"image": "0.png"}', '[1]'])
def test_refuses_lines_without_image_or_captions(folder: Path, line: str) -> None:
    (folder / 'captions.jsonl').write_text(line + '\n')
    with pytest.raises(ValueError, match='Line 1'):
        build(folder)


@pytest.mark.parametrize('captions', [[], [''], 'red'])
def test_refuses_invalid_captions(folder: Path, captions: object) -> None:
    line = json.dumps(dict(image='0.png', captions=captions))
    (folder / 'captions.jsonl').write_text(line + '\n')
    with pytest.raises(ValueError, match='at least one|least one'):
        build(folder)


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='captions.jsonl'):
        build(tmp_path)
