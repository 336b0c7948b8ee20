"""tools/analysis/show_prompts.py prints sentences and marks what is cut."""

import pytest


@pytest.fixture
def main(load_tool):
    return load_tool('tools/analysis/show_prompts.py').main


def test_sentences_and_cuts(main, capsys):
    long = ' '.join(['word'] * 80)
    assert main(['--labels', 'BrushHair', long, '--templates', 'label_only']) == 0
    out = capsys.readouterr().out
    assert '4 tokens  brush hair' in out
    assert 'TOO LONG, is read as: word' in out
    assert '2 classes, 2 sentences, 1 longer than 77 tokens.' in out


def test_a_config(main, capsys, tmp_path):
    (tmp_path / 'labels.txt').write_text('jump\nrun\n')
    config = tmp_path / 'config.py'
    config.write_text(
        'model = dict(cls_head=dict(label_encoder=dict(templates=["a {}"], '
        f'labels={str(tmp_path / "labels.txt")!r})))'
    )
    assert main(['--config', str(config)]) == 0
    assert 'a run' in capsys.readouterr().out


def test_bad_input_is_one_sentence(main, capsys):
    assert main(['--labels', 'a', 'a']) == 2
    assert capsys.readouterr().err == "Labels 0 and 1 of labels are both 'a': names must differ.\n"
