"""The GPU script: its steps run on a CPU too, and its commands exist."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_steps(load_tool, shrunken_models, capsys):
    main = load_tool('tools/analysis/gpu_train_step.py').main
    options = ['fp32', 'bf16, fused AdamW']
    sizes = ['--videos', '2', '--frames', '2', '--rounds', '1', '--device', 'cpu']
    main(['steps', *sizes, '--options', *options])
    rows = capsys.readouterr().out.splitlines()[4:]
    assert [row.split(' | ')[0].removeprefix('| ') for row in rows] == options


def test_the_script_takes_less_than_eight_minutes_and_names_files_that_exist():
    script = ROOT / 'tools' / 'analysis' / 'gpu_benchmark.sh'
    subprocess.run(['bash', '-n', str(script)], check=True)
    text = script.read_text()
    limits = [int(limit) for limit in re.findall(r'^step \w+ (\d+) ', text, re.M)]
    assert len(limits) == 6 and sum(limits) < 8 * 60
    assert all((ROOT / path).is_file() for path in re.findall(r'tools/\S+\.py', text))
