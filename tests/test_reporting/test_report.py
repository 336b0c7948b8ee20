"""Whole reports: numbers from known scores, and a tiny model tested on tiny videos."""

import csv
import json
import pickle
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from actionclip_mm.evaluation import VideoScores
from actionclip_mm.evaluation.video_scores import KEY, read_video_scores
from actionclip_mm.reporting import write_report
from actionclip_mm.reporting.scores import Scored

from .conftest import CLASSES, LABELS


def test_numbers_of_known_scores(work_dir: Path, write_scores: Callable, tmp_path: Path) -> None:
    scores = write_scores(tmp_path / 'scores.safetensors', failed=[7])
    zero_shot = write_scores(tmp_path / 'zero.safetensors', predicted=[0] * 8)
    page = write_report(work_dir, scores=scores, zero_shot=zero_shot, notes={'took': '5 s'})
    text = page.with_suffix('.md').read_text()
    assert page == work_dir / 'report' / 'report.html'
    # 5 of 8: two wrong, one unreadable
    assert '| top-1 | 62.5% | 25.0% | +37.5 points | 25.0% |' in text
    assert '| mean class | 62.5% | 25.0% | +37.5 points | 25.0% |' in text
    assert '1 of 8 videos could not be read' in text and '| 7.mp4 |  |' in text
    assert '| acc/top1 | 0.75 | 2 | 0.75 |' in text and '- took: 5 s' in text
    # of 7 readable videos 5 are right, all with confidence 0.7
    assert f'| as trained | 1 | {abs(0.7 - 5 / 7):.1%} | 70.0% | 71.4% | 0.500 |' in text
    assert 'too few for reliable figures' in text
    numbers = json.loads((page.parent / 'report.json').read_text())
    assert numbers['result']['top-1'] == 0.625 and numbers['zero_shot']['top-1'] == 0.25
    assert numbers['calibration']['ece'] == pytest.approx(5 / 7 - 0.7, abs=1e-6)
    assert numbers['calibration']['auroc'] == 0.5 and numbers['unreadable'] == 1
    with (page.parent / 'classes.csv').open(newline='') as file:
        rows = {row['class']: row for row in csv.DictReader(file)}
    assert [rows[name]['accuracy'] for name in CLASSES] == ['50.0%', '100.0%', '50.0%', '50.0%']
    assert rows['sit']['zero-shot'] == '0.0%'


def test_names_from_outside(work_dir: Path, write_scores: Callable, tmp_path: Path) -> None:
    scores = write_scores(tmp_path / 'scores.safetensors')
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # of glyphs that a font lacks
        page = write_report(work_dir, scores=scores)
    html = page.read_text()
    assert '<script' not in html and 'juggling &lt;script&gt;' in html and '倒立' in html
    assert r'wave \| \*\*hand\*\* $x\_1$' in page.with_suffix('.md').read_text()
    embedded = len(re.findall('src="data:image/png;base64,', html))
    assert embedded == len(list(page.parent.glob('*.png'))) == 5
    assert '4 videos' not in html and 'there is no such file' in html  # 1.mp4 and 5.mp4


def test_a_dump_is_the_same(work_dir: Path, write_scores: Callable, tmp_path: Path) -> None:
    scored = read_video_scores(write_scores(tmp_path / 'scores.safetensors'))
    rows = zip(torch.from_numpy(scored.scores), LABELS, strict=True)
    samples = [dict(pred_score=row, gt_label=torch.tensor([label])) for row, label in rows]
    (tmp_path / 'dump.pkl').write_bytes(pickle.dumps(samples))
    names = tmp_path / 'labels.json'
    names.write_text(json.dumps(CLASSES))
    ours = write_report(work_dir, tmp_path / 'a', scores=tmp_path / 'scores.safetensors')
    theirs = write_report(work_dir, tmp_path / 'b', scores=tmp_path / 'dump.pkl', labels=str(names))
    for name in ('classes.csv', 'confusions.png', 'calibration.png'):
        assert (ours.parent / name).read_bytes() == (theirs.parent / name).read_bytes()
    assert 'video 1' in theirs.read_text()  # without a config no list names it


def test_a_dump_cannot_run_code(work_dir: Path, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self):
            return (tmp_path / 'evil').mkdir, ()

    (tmp_path / 'dump.pkl').write_bytes(pickle.dumps([Evil()]))
    with pytest.raises(ValueError, match='could run code'):
        write_report(work_dir, scores=tmp_path / 'dump.pkl')
    assert not (tmp_path / 'evil').exists()


def test_several_labels_per_video(work_dir: Path, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    labels = generator.random((12, 3)) < 0.5
    labels[0] = True
    arrays = dict(
        scores=labels + 0.1 * generator.random((12, 3)), labels=labels, failed=np.zeros(12, bool)
    )
    content = dict(videos=[str(i) for i in range(12)], classes=['a', 'b', 'c'])
    path = tmp_path / 'scores.safetensors'
    save_file(arrays, path, metadata={KEY: json.dumps(content)})
    text = write_report(work_dir, scores=path).with_suffix('.md').read_text()
    assert '| mAP | 100.0% |' in text and '| class | videos | average precision |' in text
    assert '## Confusions' not in text and '## Calibration' not in text


def test_curves_alone(work_dir: Path) -> None:
    page = write_report(work_dir, curves_only=True)
    assert sorted(file.name for file in page.parent.iterdir()) == [
        'curves.png', 'report.html', 'report.md',
    ]  # fmt: skip


def test_a_baseline_of_another_list(work_dir: Path, write_scores: Callable, tmp_path: Path) -> None:
    scores = write_scores(tmp_path / 'scores.safetensors')
    other = write_scores(tmp_path / 'zero.safetensors', [0, 1], [0, 1])
    with pytest.raises(ValueError, match='2 videos and 4 classes'):
        write_report(work_dir, scores=scores, zero_shot=other)


def test_close_texts_and_confused_videos() -> None:
    from actionclip_mm.reporting.error_sections import texts_section

    texts = np.eye(4)
    texts[1] = [0.8, 0.6, 0, 0]  # close to class 0
    scores = np.eye(4)[[1, 0, 2, 3]]
    found = VideoScores(tuple('abcd'), tuple('abcd'), scores, np.arange(4), np.zeros(4, bool))
    section = texts_section(Scored(found, texts=texts))
    said, table = section.parts[1:]
    assert said.startswith('1 of 1 confused pairs, with 2 of 2 confused videos, are among the 1')
    assert 'by chance it would be 0.2 pairs' in said
    assert table.rows[0] == ['a', 'b', '0.800', '2'] and len(table.rows) == 6


def test_a_single_class(work_dir: Path, write_scores: Callable, tmp_path: Path) -> None:
    labels = tmp_path / 'labels.txt'
    labels.write_text('clap\n')
    samples = [dict(pred_score=torch.ones(1), gt_label=torch.tensor([0]))] * 2
    (tmp_path / 'dump.pkl').write_bytes(pickle.dumps(samples))
    text = write_report(work_dir, scores=tmp_path / 'dump.pkl', labels=str(labels))
    assert 'All readable videos are classified correctly' in text.read_text()


def test_an_unwritable_folder_is_refused_first(work_dir: Path, tmp_path: Path) -> None:
    (tmp_path / 'out').write_text('a file')
    with pytest.raises(OSError, match='was not written'):
        write_report(work_dir, tmp_path / 'out', scores=tmp_path / 'missing.safetensors')


def test_temperature_of_single_softmaxes_is_exact() -> None:
    logits = torch.randn(6, 1, 1, 3, dtype=torch.float64)
    found = read_like(logits.flatten(1).softmax(dim=1).numpy())
    kept = Scored(found, logits, lambda x, t: (x[:, 0, 0] / t).softmax(dim=-1))
    assert Scored(found).probabilities(2.0) == pytest.approx(kept.probabilities(2.0), abs=1e-6)


def read_like(scores: np.ndarray):
    count = len(scores)
    labels = np.zeros(count, int)
    return VideoScores(('v',) * count, ('a', 'b', 'c'), scores, labels, np.zeros(count, bool))


@pytest.fixture
def trained(tmp_path: Path, write_leaf: Callable, save_model: Callable, write_video: Callable):
    """A work dir with a config and a checkpoint of a tiny model, and videos, one unreadable."""
    for index in range(5):
        write_video(tmp_path / 'videos' / f'{index}.mp4')
    (tmp_path / 'videos' / '4.mp4').write_text('no video')
    (tmp_path / 'val.txt').write_text(''.join(f'{i}.mp4 {i % 2}\n' for i in range(5)))
    folder = tmp_path / 'run'
    folder.mkdir()
    # fmt: off
    more = f"""
pipeline = [step | dict(scale=(32, 32)) if step.type == 'Resize' else step
            for step in _base_.test_pipeline]
data = dict(pipeline=pipeline, ann_file={str(tmp_path / 'val.txt')!r},
            data_prefix=dict(video={str(tmp_path / 'videos')!r}))
val_dataloader = dict(num_workers=0, persistent_workers=False, batch_size=2, dataset=data)
"""
    # fmt: on
    config = write_leaf(folder / 'leaf.py', 'mini_clips', 'mini', more)
    save_model(config, folder / 'epoch_1.pth')
    return folder


def test_a_model_is_tested(trained: Path, save_model: Callable) -> None:
    text = write_report(trained, device='cpu').with_suffix('.md').read_text()
    assert 'not tested (the config has neither load\\_from nor pretrained weights)' in text
    assert '5, 1 of them unreadable' in text and 'it is a text file' in text
    assert 'temperature is approximate' not in text
    assert '| x | y | ' in text  # the only pair of texts
    found = read_video_scores(trained / 'report' / 'scores.safetensors')
    assert found.videos == tuple(f'{i}.mp4' for i in range(5)) and found.classes == ('x', 'y')
    assert found.failed.tolist() == [False] * 4 + [True]
    torch.manual_seed(1)
    with (trained / 'leaf.py').open('a') as file:
        start = save_model(trained / 'leaf.py', trained.parent / 'before.pth')
        file.write(f'load_from = {str(start)!r}')
    text = write_report(trained, checkpoint=str(trained / 'epoch_1.pth'), device='cpu')
    assert 'Zero-shot: before training' in text.read_text()
    before = read_video_scores(trained / 'report' / 'zero_shot.safetensors')
    assert not np.array_equal(before.scores, found.scores)


def test_data_sets_of_mmaction2(trained: Path) -> None:
    with (trained / 'leaf.py').open('a') as file:
        file.write("val_dataloader['dataset']['type'] = 'VideoDataset'\n")
    text = write_report(trained, device='cpu', zero_shot=False).read_text()
    assert '5, 1 of them unreadable' in text


def test_the_temperature_is_stored(trained: Path) -> None:
    from actionclip_mm import ActionCLIPInferencer
    from actionclip_mm.apis.building import build_trained, read_model_config
    from actionclip_mm.converters.description import KEY, describe

    path = trained / 'epoch_1.pth'
    with pytest.raises(ValueError, match='does not describe its model'):
        write_report(trained, device='cpu', store_temperature=True)
    config = read_model_config(trained / 'leaf.py')
    model = build_trained(config, str(path))
    content = dict(state_dict=model.state_dict(), meta={KEY: describe(model, config)})
    torch.save(content, path)
    page = write_report(trained, device='cpu', store_temperature=True)
    fitted = json.loads((page.parent / 'report.json').read_text())['calibration']['temperature']
    assert ActionCLIPInferencer(str(path), device='cpu').matcher.temperature == fitted != 1
    saved = torch.load(path)['state_dict']
    assert all(torch.equal(saved[key], value) for key, value in model.state_dict().items())


def test_clip_with_mean_of_frames_is_the_baseline(trained: Path, tiny_arch: dict) -> None:
    import open_clip
    from mmengine.config import Config

    from actionclip_mm.reporting.testing import zero_shot_model

    weights = trained / 'clip.pt'
    name = trained / 'tiny.json'
    name.write_text(json.dumps(tiny_arch))
    open_clip.add_model_config(name)
    torch.save(open_clip.create_model('tiny').state_dict(), weights)
    config = Config.fromfile(trained / 'leaf.py')
    config.model.backbone.update(pretrained=str(weights), visual_prompt=dict(type='ShiftPrompt'))
    config.model.cls_head.label_encoder.pretrained = str(weights)
    config.model.neck = dict(type='LSTMPrompt', in_channels=32)
    model, what = zero_shot_model(config)
    assert (
        type(model.neck).__name__ == 'MeanPPrompt' and what == 'CLIP with mean pooling over frames'
    )
    saved = torch.load(weights, weights_only=True)
    for key, value in model.backbone.state_dict().items():
        if 'class_embedding' in key:
            assert torch.equal(value, saved['visual.class_embedding'])
            break
    else:
        raise AssertionError('no class embedding')


def test_the_command(
    work_dir: Path, write_scores: Callable, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    from actionclip_mm.cli.report import main

    scores = write_scores(tmp_path / 'scores.safetensors')
    assert main([str(work_dir), '--scores', str(scores), '--out', str(tmp_path / 'out')]) == 0
    printed = capsys.readouterr().out
    assert '| top-1 | 75.0% | 25.0% |' in printed and 'out/report.html' in printed
    with pytest.raises(SystemExit) as error:
        main([str(tmp_path)])
    assert error.value.code == 2
    assert 'neither a config nor' in capsys.readouterr().err
