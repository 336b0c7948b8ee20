"""``actionclip protocol``: listing without torch, wrong calls, interruptions.

Whole runs are in tests/test_protocols/test_runs.py.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from actionclip_mm.cli.protocol import main, read_options
from actionclip_mm.protocols import Card, runs


def test_listing_does_not_import_torch() -> None:
    program = (
        "import sys; sys.argv[0] = 'actionclip'; from actionclip_mm.cli.protocol import main; "
        "main(['--list']); assert not {'torch', 'mmengine'} & {*sys.modules}"
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'zero_shot_hmdb51_zf_prime' in done.stdout and '5,100' in done.stdout


def test_the_schema_is_printed(capsys: pytest.CaptureFixture) -> None:
    main(['--card-schema'])
    assert json.loads(capsys.readouterr().out) == Card.json_schema()


@pytest.mark.parametrize(
    ('args', 'words'),
    [
        (['few_shot_ucf_k4'], 'Unknown protocol .* few_shot_ucf101_k4'),
        (['mini_zero_shot'], 'pass it with --checkpoint'),
        (['mini_zero_shot', '--checkpoint', 'none.pth'], "--checkpoint 'none.pth' does not exist"),
        (['few_shot_ucf101_k4', '--data-root', 'none'], 'actionclip prepare ucf101'),
        (['few_shot_ucf101_k4', '--config', 'none.py'], "--config 'none.py' does not exist"),
    ],
)
def test_wrong_calls_are_one_line(
    args: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.delattr(runs, 'execute')  # not reached
    with pytest.raises(SystemExit) as error:
        main(args)
    (line,) = capsys.readouterr().err.splitlines()
    assert error.value.code == 2 and re.search(words, line)


@pytest.mark.parametrize(
    ('args', 'words'),
    [
        ([], 'name a protocol'),
        (['x', '--processes', '0'], 'must be a positive integer, got 0'),
        (['x', '--cfg-options', 'a.b'], 'must be KEY=VALUE, got a.b'),
    ],
)
def test_invalid_options_are_refused(args: list, words: str, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(args)
    assert words in capsys.readouterr().err


def test_options_are_read_as_by_mmengine() -> None:
    assert read_options(['a.b=4', 'c=[1,x]', 'd=None']) == {'a.b': 4, 'c': [1, 'x'], 'd': None}
    assert read_options([]) == {}


def test_an_interrupted_run_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, 'execute', execute)
    (tmp_path / 'mini').mkdir()
    args = ['mini_supervised', '--data-root', str(tmp_path)]
    again = f'to go on: actionclip protocol mini_supervised --data-root {tmp_path} --resume$'
    for given in (args, [*args, '--resume']):
        with pytest.raises(KeyboardInterrupt, match=again):
            main(given)
