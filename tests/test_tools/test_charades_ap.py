"""tools/analysis/charades_ap.py: the same values from dumps and tables as from the metric."""

import pickle
import re

import pytest
import torch

from actionclip_mm.evaluation import class_precision, read_class_rows

NAMES = ['hold, a cup', 'open a door', 'run']


@pytest.fixture
def tool(load_tool):
    return load_tool('tools/analysis/charades_ap.py')


@pytest.fixture
def dump(tmp_path):
    """Factory: write a dump and return its path, scores and labels."""
    truth = (torch.rand(20, 3) < 0.4).float()
    truth[:, 2] = 0

    def write(name='scores'):
        scores = torch.randn(20, 3)
        scores[:, 1] += 10 * truth[:, 1]  # the best class is not the first
        samples = [
            dict(pred_score=score, gt_label=label)
            for score, label in zip(scores, truth, strict=True)
        ]
        path = tmp_path / f'{name}.pkl'
        path.write_bytes(pickle.dumps(samples))
        return path, scores.numpy(), truth.numpy()

    return write


@pytest.fixture
def labels(tmp_path):
    (tmp_path / 'labels.txt').write_text('\n'.join(NAMES) + '\n')
    return tmp_path / 'labels.txt'


def test_dump(tool, dump, labels, tmp_path, capsys):
    path, scores, truth = dump()
    out = tmp_path / 'new' / 'ap.png'
    assert tool.main([str(path), '--labels', str(labels), '--out', str(out)]) == 0
    expected = class_precision(scores, truth)
    text = capsys.readouterr().out
    assert f'mAP {100 * expected.mean:.2f}, wAP {100 * expected.weighted:.2f}' in text
    assert '(2 of 3 classes)' in text
    assert out.stat().st_size > 5000
    table = out.with_suffix('.csv')
    values = [float(line.split(',')[-1] or -1) for line in table.read_text().splitlines()[1:]]
    assert values[:2] == sorted(expected.values[:2], reverse=True) and values[2] == -1
    rows = read_class_rows(table)
    assert [row.ap for row in rows[:2]] == expected.values[:2].tolist()
    assert rows[2].name == 'run' and rows[2].positives == 0


@pytest.mark.parametrize('named', [True, False])
def test_table_equals_dump(tool, dump, labels, tmp_path, capsys, monkeypatch, named):
    """The table is sorted by AP; names and bars must still match their classes."""
    path, *_ = dump()
    drawn: list[dict] = []
    monkeypatch.setattr(tool, 'plot', lambda sources, *rest: drawn.append(sources))
    assert tool.main([str(path), '--labels', str(labels), '--out', str(tmp_path / 'ap.png')]) == 0
    sources = [f'a={path}', f'b={tmp_path / "ap.csv"}']
    more = ['--labels', str(labels)] if named else []
    assert tool.main([*sources, *more, '--out', str(tmp_path / 'again.png')]) == 0
    rows = {name: str(rows) for name, rows in drawn[1].items()}  # NaN is not equal to itself
    assert rows['b'] == str(drawn[0]['scores'])
    assert (rows['a'] == rows['b']) is named
    _, *summaries = re.findall('mAP .* classes', capsys.readouterr().out)
    assert len(set(summaries)) == 1


def test_paths_with_an_equals_sign(tool, dump, tmp_path, capsys):
    path, *_ = dump()
    moved = tmp_path / 'lr=0.1' / 'run=2.pkl'
    moved.parent.mkdir()
    path.rename(moved)
    for source, name in ((f'{moved}', 'run=2'), (f'ours={moved}', 'ours')):
        assert tool.main([source, '--out', str(tmp_path / 'ap.png')]) == 0
        assert capsys.readouterr().out.startswith(f'{name}: mAP ')


def test_two_models_and_another_definition(tool, dump, tmp_path, capsys):
    (one, scores, truth), (two, _, _) = dump('one'), dump('two')
    out = tmp_path / 'ap.png'
    sources = [f'KL={one}', f'BCE={two}']
    assert tool.main([*sources, '--definition', 'torchnet', '--out', str(out)]) == 0
    expected = class_precision(scores, truth, 'torchnet').mean
    assert f'KL: mAP {100 * expected:.2f}' in capsys.readouterr().out
    assert {path.name for path in tmp_path.glob('*.csv')} == {'ap_KL.csv', 'ap_BCE.csv'}


def test_refuses(tool, dump, labels, tmp_path, capsys):
    path, *_ = dump()
    other = tmp_path / 'other.csv'
    other.write_text('class_id,name,positives,ap\n0,a,1,0.5\n')
    for args, message in (
        (['nowhere.pkl'], 'There is no dump'),
        ([path, '--definition', 'coco'], "got 'coco'"),
        ([path, path], "Two sources are named 'scores'"),
        ([path, other], 'not tested on the same videos'),
        ([other, '--labels', labels], 'has 1 classes, but --labels has 3'),
        ([path, '--labels', 'nowhere.txt'], 'nowhere.txt'),
    ):
        assert tool.main([*map(str, args), '--out', str(tmp_path / 'ap.png')]) == 2
        error = capsys.readouterr().err
        assert message in error and error.count('\n') == 1
    assert not (tmp_path / 'ap.png').exists()


def test_scores_of_nan_are_refused(tool, dump, tmp_path, capsys):
    path, *_ = dump()
    samples = pickle.loads(path.read_bytes())
    samples[3]['pred_score'][1] = float('nan')
    path.write_bytes(pickle.dumps(samples))
    assert tool.main([str(path), '--out', str(tmp_path / 'ap.png')]) == 2
    error = capsys.readouterr().err
    assert f"The scores of sample 3 of '{path}' are NaN" in error and error.count('\n') == 1
