"""How the commands that decode end."""

import pytest

from actionclip_mm.preparation.command import exit_code


@pytest.mark.parametrize(
    ('error', 'code', 'words'),
    [
        (ValueError('wrong'), 2, 'Error: wrong'),
        (FileNotFoundError('nothing there'), 2, 'Error: nothing there'),
    ],
)
def test_errors_are_a_sentence(capsys, error, code, words) -> None:
    def work() -> int:
        raise error

    assert exit_code(work) == code
    assert words in ''.join(capsys.readouterr())


def test_an_interrupt_says_how_to_go_on() -> None:
    def work() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match='what was decoded is remembered, run it again'):
        exit_code(work)


def test_other_errors_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        exit_code(lambda: 1 // 0)
    assert exit_code(lambda: 1) == 1
