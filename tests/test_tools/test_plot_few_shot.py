"""tools/analysis/plot_few_shot.py: figure, table and printed summary, rejected cards."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from actionclip_mm.protocols import make_card, write_card

GOLDEN = Path(__file__).resolve().parents[1] / 'data' / 'protocols' / 'card_few_shot.json'


@pytest.fixture
def card(tmp_path) -> Callable[..., str]:
    """Factory: write a card and return its path."""

    def write(
        name, shots, mean, std=None, dataset='ucf101', config='few_shot/transf_ucf101.py',
        scored=10, classes='a', part='test', trained=None, videos='e',
    ):  # fmt: skip
        sections = json.loads(GOLDEN.read_text())
        for key in ('schema', 'fingerprint'):
            del sections[key]
        run = sections['runs'][0]
        run['videos'] = dict(listed=10, scored=scored, failed=0)
        run['classes']['sha256'] = classes * 64
        run['test_list']['sha256'] = videos * 64
        row = dict(part=part, metric='acc/top1', mean=mean, std=std, ddof=0, n=3 if std else 1)
        sections.update(runs=[run], statistics=[row])
        sections['protocol'].update(id=f'few_shot_{dataset}_k{shots}', dataset=dataset, shots=shots)
        sections['model']['config'] = f'configs/{config}'
        if not (shots if trained is None else trained):
            sections['training'] = None
        write_card(make_card(**sections), tmp_path / f'{name}.json')
        return str(tmp_path / f'{name}.json')

    return write


@pytest.fixture
def main(load_tool):
    return load_tool('tools/analysis/plot_few_shot.py').main


@pytest.fixture
def drawn(monkeypatch):
    """Plotted figures, kept open for inspection."""
    figures = []
    monkeypatch.setattr(plt, 'close', figures.append)
    yield figures
    monkeypatch.undo()
    plt.close('all')


def test_lines_panels_bars_and_table(card, main, drawn, capsys, tmp_path):
    cards = [
        card('u4', 4, 0.8, std=0.02),
        card('u0', None, 0.6, config='zero_shot/transf_ucf101.py'),  # the same model
        card('u1', 1, 0.7, scored=9),
        card('h1', 1, 0.4, dataset='hmdb51', config='few_shot/transf_hmdb51.py', classes='b'),
    ]
    others = [card('m1', 1, 0.65, config='few_shot/mean_p_ucf101.py')]
    out = tmp_path / 'new' / 'figure.png'
    main([*cards, '--series', 'mean of frames', *others, '--out', str(out)])
    (figure,) = drawn
    left, right = figure.axes
    assert (left.get_title(), right.get_title()) == ('UCF101', 'HMDB51')
    assert (left.get_ylabel(), right.get_ylabel()) == ('top-1, %', '')
    assert [text.get_text() for text in left.get_legend().get_texts()] == [
        'transf', 'mean of frames',
    ]  # fmt: skip
    line = left.get_lines()[0]
    assert line.get_xdata().tolist() == [0, 1, 3] and line.get_ydata().tolist() == [60, 70, 80]
    assert [label.get_text() for label in left.get_xticklabels()] == ['0', '1', '4']
    hollow = [mark for mark in left.get_lines() if mark.get_markerfacecolor() == 'white']
    assert [mark.get_ydata().tolist() for mark in hollow] == [[70]]
    bars = [bar.get_segments() for bar in left.collections]
    assert [[end[1] for end in segments[0]] for segments in bars] == [pytest.approx([78, 82])]

    said = capsys.readouterr().out
    assert 'ucf101, transf: 0-shot 60.0, 1-shot 70.0 (incomplete), 4-shot 80.0 ± 2.0' in said
    assert 'not all videos were scored: transf, few_shot_ucf101_k1 (9 of 10 videos)' in said
    assert 'different videos' not in said
    assert out.read_bytes().startswith(b'\x89PNG')
    with out.with_suffix('.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    assert [row['std'] for row in rows[:3]] == ['', '', '2.0']
    assert (rows[1]['complete'], rows[1]['scored'], rows[1]['listed']) == ('False', '9', '10')


def test_untrained_few_shot_card_has_zero_shots(card, main, drawn, capsys, tmp_path):
    cards = [card('u0', 4, 0.6, trained=False), card('u4', 4, 0.8)]
    main([*cards, '--out', str(tmp_path / 'figure.png')])
    assert 'ucf101, transf: 0-shot 60.0, 4-shot 80.0\nAll cards' in capsys.readouterr().out
    assert drawn[0].axes[0].get_lines()[0].get_xdata().tolist() == [0, 3]


def test_different_test_lists_are_named(card, main, drawn, capsys, tmp_path):
    cards = [card('u0', None, 0.6, videos='f'), card('u1', 1, 0.7), card('u4', 4, 0.8)]
    main([*cards, '--out', str(tmp_path / 'figure.png')])
    note = 'Tested on different videos: UCF101 (transf 0-shot; transf 1-shot, transf 4-shot)'
    assert f'{note}\n' in capsys.readouterr().out
    assert drawn[0].get_supxlabel() == note


REFUSED = {
    'two of one place': (
        lambda card: [card('a', 4, 0.8), card('b', 4, 0.7)],
        r"a.json' .* and '.*b.json' .* are both 4-shot of transf on ucf101: remove one",
    ),
    'other classes': (
        lambda card: [card('a', 4, 0.8), card('b', 2, 0.7, classes='c')],
        'have different classes of ucf101',
    ),
    'trained on all': (
        lambda card: [card('a', None, 0.8, trained=True)],
        'which trains on all videos: pass cards of few-shot',
    ),
    'base to novel': (
        lambda card: [card('a', 16, 0.8, part='base')],
        r"no acc/top1 of the part 'test', only the parts base",
    ),
    'nothing': (lambda card: [], 'No cards: pass card.json files'),
    'missing': (lambda card: ['none.json'], "There is no card 'none.json'"),
    'a series without cards': (
        lambda card: [card('a', 4, 0.8), '--series', 'MeanP'],
        'No cards of --series MeanP',
    ),
    'no picture': (
        lambda card: [card('a', 4, 0.8), '--out', 'figure.csv'],
        r"--out must end in .png, got 'figure.csv'",
    ),
}


@pytest.mark.parametrize('case', REFUSED)
def test_rejected_with_one_sentence(case, card, main, refused, tmp_path):
    arguments, words = REFUSED[case]
    refused(main, ['--out', tmp_path / 'figure.png', *arguments(card)], words)
    assert not list(tmp_path.glob('*.png'))


def test_edited_card_is_rejected(card, main, refused, tmp_path):
    path = card('a', 4, 0.8)
    text = (tmp_path / 'a.json').read_text()
    (tmp_path / 'a.json').write_text(text.replace('0.8', '0.9'))
    said = refused(main, ['--out', tmp_path / 'figure.png', path], 'it was edited')
    assert said.startswith(f"Error: '{path}' is not a valid result card")
    assert not (tmp_path / 'figure.png').exists()
