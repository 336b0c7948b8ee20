"""``actionclip prompts`` prints sentences and marks what is cut."""

import pytest

from actionclip_mm.cli.prompts import main


def test_sentences_and_cuts(capsys):
    long = ' '.join(['word'] * 80)
    main(['--labels', 'BrushHair', long, '--templates', 'label_only'])
    out = capsys.readouterr().out
    assert '4 tokens  brush hair' in out
    assert 'TOO LONG, is read as: word' in out
    assert '2 classes, 2 sentences, 1 longer than 77 tokens.' in out


def test_a_config(capsys, tmp_path):
    (tmp_path / 'labels.txt').write_text('jump\nrun\n')
    config = tmp_path / 'config.py'
    config.write_text(
        'model = dict(cls_head=dict(label_encoder=dict(templates=["a {}"], '
        f'labels={str(tmp_path / "labels.txt")!r})))'
    )
    main(['--config', str(config)])
    assert 'a run' in capsys.readouterr().out


@pytest.fixture
def config(tmp_path):
    """Function: the file of a config with a label encoder."""

    def write(**encoder):
        encoder = dict(labels=['clap', 'a video of wave'], templates='label_only', **encoder)
        (tmp_path / 'config.py').write_text(f'model=dict(cls_head=dict(label_encoder={encoder}))')
        return ['--config', str(tmp_path / 'config.py')]

    return write


def test_a_tokenizer_of_transformers(config, tiny_arch, tokenizer_folder, capsys):
    arch = dict(tiny_arch, text_cfg=dict(tiny_arch['text_cfg'], context_length=4))
    main(config(arch=arch, tokenizer=tokenizer_folder))
    out = capsys.readouterr().out
    assert '2 tokens  clap' in out and '5 tokens  a video of wave' in out
    assert 'TOO LONG, is read as: a video of\n' in out
    assert '1 longer than 4 tokens.' in out


def test_placeholders_of_learned_vectors_count(config, tiny_arch, capsys):
    """As many tokens are counted and cut as by the label encoder of the same config."""
    context = dict(type='LearnableContext', num_context=73)
    main(config(arch=tiny_arch, context=context))
    out = capsys.readouterr().out
    assert '76 tokens  x x ' in out and '79 tokens  x x ' in out
    assert out.count('TOO LONG') == 1 and out.split('read as: ')[1].startswith('x x ')
    assert 'x a video\n' in out.split('read as: ')[1]
    context['num_context'] = 75
    with pytest.raises(SystemExit, match='2'):
        main(config(arch=tiny_arch, context=context))
    assert 'leaves no room for a label' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('args', 'said'),
    [
        (['--labels', 'a', 'a'], "Labels 0 and 1 of labels are both 'a': names must differ."),
        (['--config', 'gone.py'], "Config 'gone.py' does not exist"),
        (['--labels-file', 'gone.txt'], "no such file: 'gone.txt'"),
    ],
)
def test_bad_input_is_one_sentence(args, said, capsys):
    with pytest.raises(SystemExit, match='2'):
        main(args)
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_the_tokenizer_of_the_backbone_counts(tiny_arch, tmp_path, capsys):
    """A label encoder without ``arch`` has that of the backbone."""
    arch = dict(tiny_arch, text_cfg=dict(tiny_arch['text_cfg'], context_length=5))
    encoder = dict(labels=['clap', 'a video of wave'], templates='label_only')
    model = dict(backbone=dict(arch=arch), cls_head=dict(label_encoder=encoder))
    (tmp_path / 'config.py').write_text(f'{model=}')
    main(['--config', str(tmp_path / 'config.py')])
    assert '1 longer than 5 tokens.' in capsys.readouterr().out
