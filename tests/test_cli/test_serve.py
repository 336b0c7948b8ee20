"""Wrong calls of ``actionclip serve`` end with one sentence, before a model is built."""

from collections.abc import Callable

import pytest

from actionclip_mm.cli import serve


@pytest.mark.parametrize(
    'argv, said',
    [
        (['--port', '70000'], 'must be a port from 0 to 65535, got 70000'),
        (['--max-seconds', '0'], 'must be a positive integer, got 0'),
        (['--labels', 'a', 'a'], 'a'),
        (['--arch', 'mini', '--pretrained', 'openai'], '--arch mini has weights of its own'),
        (['--checkpoint', '.', '--arch', 'RN50'], '--arch is set by --checkpoint'),
    ],
)
def test_wrong_calls(argv: list[str], said: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as error:
        serve.main(argv)
    err = capsys.readouterr().err
    assert error.value.code == 2 and said in err and err.count('\n') == 1


def test_without_gradio_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(serve, 'find_spec', lambda name: None)
    with pytest.raises(SystemExit):
        serve.main([])
    assert "needs Gradio: pip install 'actionclip_mm[demo]'" in capsys.readouterr().err


def test_the_page_opens_with_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    class Untrained:
        labels = None

    class Trained:
        labels = ('run', 'walk')

    parse: Callable = serve.parser_of_serve().parse_args
    assert serve.opening_labels(parse(['--labels', 'a', 'b']), Trained()) == ('a', 'b')
    assert serve.opening_labels(parse(['--checkpoint', '.']), Trained()) == ('run', 'walk')
    assert len(serve.opening_labels(parse(['--arch', 'mini']), Untrained())) == 12
    assert serve.opening_labels(parse(['--arch', 'ViT-B-16']), Untrained()) is None
