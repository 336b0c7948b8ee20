"""How the commands that decode end."""

import pytest

from actionclip_mm.datasets.preparation.command import exit_code


@pytest.mark.parametrize(
    ('error', 'code', 'words'),
    [
        (ValueError('wrong'), 2, 'Error: wrong'),
        (FileNotFoundError('nothing there'), 2, 'Error: nothing there'),
        (KeyboardInterrupt(), 130, 'what was decoded is remembered, run it again'),
    ],
)
def test_errors_and_interrupts_are_a_sentence(capsys, error, code, words) -> None:
    def work() -> int:
        raise error

    assert exit_code(work) == code
    assert words in ''.join(capsys.readouterr())


def test_other_errors_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        exit_code(lambda: 1 // 0)
    assert exit_code(lambda: 1) == 1
