"""Every documented command is accepted by the parser that will read it."""

import ast
import importlib.util
import re
import shlex
import sys
from pathlib import Path

import pytest

from actionclip_mm.cli import COMMANDS

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
from shell_blocks import (  # noqa: E402
    ROOT,
    Parsed,
    blocks,
    calls,
    parse_command,
    parsers_that_stop,
)
from test_pages import DOCUMENTS  # noqa: E402

PAGES = [path for path in DOCUMENTS if blocks(path.read_text(encoding='utf-8'))]
TARGETS = set(re.findall(r'^(\w+):', (ROOT / 'Makefile').read_text(), re.M))
EXTRAS = set(re.findall(r"^        '(\w+)': ", (ROOT / 'setup.py').read_text(), re.M))
SHIMS = {'train': 'train', 'test': 'test', 'predict': 'predict', 'run_protocol': 'protocol'}
INLINE = re.compile(r'`actionclip ([a-z][\w-]* [^`]+)`')


def script_parser(path: str, argv: list[str]) -> None:
    """Give arguments to a script of tools/ or examples/."""
    file = ROOT / path
    assert file.is_file(), path
    if file.parent == ROOT / 'examples' and 'argparse' not in file.read_text():
        docstring = ast.get_docstring(ast.parse(file.read_text())) or ''
        usage = re.search(rf'python {path} (.*)', docstring)
        assert usage is not None and len(usage[1].split()) == len(argv), f'{path} {argv}'
        return
    if file.parent == ROOT / 'tools':
        parse_command(SHIMS.get(file.stem, file.stem.replace('_', '-')), argv)
        return
    sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(f'documented_{file.stem}', file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        with parsers_that_stop():
            module.main(argv)
    except Parsed:
        pass
    finally:
        sys.path.remove(str(file.parent))


def check_python(argv: list[str], stdin: str) -> None:
    """``python SCRIPT``, ``python -m MODULE`` or a program on standard input."""
    if argv[0] == '-':
        compile(stdin, 'documented', 'exec')
    elif argv[0] == '-m':
        module, *rest = argv[1:]
        if module == 'pytest':
            check('pytest', rest, '')
        elif module == 'actionclip_mm':
            check('actionclip', rest, '')
        else:
            assert module == 'sphinx' or importlib.util.find_spec(module), module
    else:
        script_parser(argv[0], argv[1:])


def check_launcher(script: str, argv: list[str]) -> None:
    """The options after those of tools/dist_*.sh and tools/slurm_*.sh."""
    assert (ROOT / script).is_file(), script
    if not script.startswith('tools/'):
        return
    start, tool = re.fullmatch(r'tools/(dist|slurm)_(\w+)\.sh', script).groups()  # type: ignore[union-attr]
    rest = (
        argv[2:]
        if start == 'slurm'
        else argv[: 1 + (tool == 'test')] + argv[2 + (tool == 'test') :]
    )
    parse_command(tool, rest)


def check(program: str, argv: list[str], stdin: str) -> None:
    """Check one call."""
    if program == 'actionclip':
        if argv and argv[0] not in ('--help', '--version', 'COMMAND'):
            assert argv[0] in COMMANDS, argv[0]
            parse_command(argv[0], argv[1:])
    elif program == 'python':
        check_python(argv, stdin)
    elif program == 'make':
        targets = [each for each in argv if '=' not in each]
        assert set(targets) <= TARGETS, targets
    elif program == 'pip':
        for extras in re.findall(r'\.\[([\w,]+)\]', ' '.join(argv)):
            assert set(extras.split(',')) <= EXTRAS, extras
    elif program == 'pytest':
        assert all((ROOT / each).exists() for each in argv if each.startswith('tests')), argv
    elif program == 'torchrun':
        script = next(index for index, each in enumerate(argv) if each.endswith('.py'))
        script_parser(argv[script], argv[script + 1 :])
    elif program == 'bash':
        check_launcher(argv[0], argv[1:])
    elif program.endswith('.sh'):
        check_launcher(program, argv)


@pytest.mark.parametrize('page', PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_shell_blocks(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, block in enumerate(blocks(page.read_text(encoding='utf-8'))):
        folder = tmp_path / str(number)
        folder.mkdir()
        for program, argv, stdin in calls(block, folder):
            try:
                check(program, argv, stdin)
            except SystemExit as error:
                said = capsys.readouterr().err.strip()
                assert error.code in (None, 0), f'{program} {" ".join(argv)}\n{said}'


@pytest.mark.parametrize('page', DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_a_sentence(page: Path, capsys: pytest.CaptureFixture) -> None:
    text = re.sub(r'```.*?```', '', page.read_text(encoding='utf-8'), flags=re.S)
    for command in INLINE.findall(text):
        name, *argv = shlex.split(' '.join(command.split()))
        if '…' in command or '<' in command or argv[0] == 'NAME':  # a pattern
            continue
        try:
            check('actionclip', [name, *argv], '')
        except SystemExit as error:
            said = capsys.readouterr().err.strip()
            shortened = 'expected' in said or 'required' in said  # `actionclip report --out`
            assert error.code in (None, 0) or shortened, f'actionclip {command}\n{said}'


@pytest.mark.parametrize(
    'wrong',
    [
        'actionclip predict video.mp4 --lables a',
        'actionclip predcit video.mp4',
        'python tools/train.py CONFIG --work_dir x',
        'tools/dist_train.sh CONFIG 2 --work_dir x',
        'actionclip host get_flops C --shapes 1',
        'python tools/analysis/plot_few_shot.py --output x.png',
        'torchrun --nproc_per_node=2 tools/train.py CONFIG --luncher pytorch',
        'make tset',
        'python examples/classify_onnx.py model.onnx',
        'python -m pytest tests/test_modles',
        "pip install '.[liite]'",
        'rm -r data',
        'for k in 1 2; do',
        "python - <<'END'\nimport\nEND",
    ],
)
def test_a_wrong_command_is_noticed(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((AssertionError, SystemExit, SyntaxError)):
        for call in calls(wrong, tmp_path):
            check(*call)
