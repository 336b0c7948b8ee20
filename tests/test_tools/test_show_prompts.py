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


@pytest.fixture
def config(tmp_path):
    """Function: the file of a config with a label encoder."""

    def write(**encoder):
        encoder = dict(labels=['clap', 'a video of wave'], templates='label_only', **encoder)
        (tmp_path / 'config.py').write_text(f'model=dict(cls_head=dict(label_encoder={encoder}))')
        return ['--config', str(tmp_path / 'config.py')]

    return write


def test_a_tokenizer_of_transformers(main, config, tiny_arch, tokenizer_folder, capsys):
    arch = dict(tiny_arch, text_cfg=dict(tiny_arch['text_cfg'], context_length=4))
    assert main(config(arch=arch, tokenizer=tokenizer_folder)) == 0
    out = capsys.readouterr().out
    assert '2 tokens  clap' in out and '5 tokens  a video of wave' in out
    assert 'TOO LONG, is read as: a video of\n' in out
    assert '1 longer than 4 tokens.' in out


def test_placeholders_of_learned_vectors_count(main, config, tiny_arch, capsys):
    """As many tokens are counted and cut as by the label encoder of the same config."""
    context = dict(type='LearnableContext', num_context=73)
    assert main(config(arch=tiny_arch, context=context)) == 0
    out = capsys.readouterr().out
    assert '76 tokens  x x ' in out and '79 tokens  x x ' in out
    assert out.count('TOO LONG') == 1 and out.split('read as: ')[1].startswith('x x ')
    assert 'x a video\n' in out.split('read as: ')[1]
    context['num_context'] = 75
    assert main(config(arch=tiny_arch, context=context)) == 2
    assert 'leaves no room for a label' in capsys.readouterr().err


def test_bad_input_is_one_sentence(main, capsys):
    assert main(['--labels', 'a', 'a']) == 2
    assert capsys.readouterr().err == "Labels 0 and 1 of labels are both 'a': names must differ.\n"
