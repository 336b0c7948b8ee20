"""Training on 1, 2 and 4 processes is equal, and the tool that plots the differences."""

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

TOOL = 'tools/analysis/process_equality.py'


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., str]:
    """Factory: write a work dir with these losses."""

    def write(name: str, losses: list[float], acc: float = 0.5) -> str:
        folder = tmp_path / name / '20260101_000000' / 'vis_data'
        folder.mkdir(parents=True)
        lines = [dict(loss=loss, step=step) for step, loss in enumerate(losses, 1)]
        lines.append({'acc/top1': acc, 'time': 1.0, 'step': 1})
        (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
        return str(tmp_path / name)

    return write


def test_figure_and_table(
    log: Callable, tmp_path: Path, load_tool: Callable, capsys: pytest.CaptureFixture
) -> None:
    main, out = load_tool(TOOL).main, tmp_path / 'equality.png'
    main([f'1={log("a", [2, 1])}', f'2={log("b", [2, 1.001], 0.4)}', '--out', str(out)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith('| 1 | 0.0e+00 | equal')
    assert lines[3].startswith('| 2 | 1.0e-03 | different')
    assert out.stat().st_size > 10_000


@pytest.mark.parametrize('case', ['no log', 'no loss', 'lengths', 'one', 'name'])
def test_refuses(case: str, log: Callable, tmp_path: Path, load_tool: Callable) -> None:
    first = f'1={log("a", [2, 1])}'
    runs, words = {
        'no log': ([first, f'2={tmp_path}/none'], 'none has no'),
        'no loss': ([first, f'2={log("c", [])}'], 'has no losses'),
        'lengths': ([first, f'2={log("b", [2])}'], 'Runs of 1 and 2 iterations cannot be compared'),
        'one': ([first], 'expected two or more runs'),
        'name': ([first, str(tmp_path)], 'expected two or more runs'),
    }[case]
    with pytest.raises(SystemExit, match=words):
        load_tool(TOOL).main([*runs, '--out', str(tmp_path / 'x.png')])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_training_is_equal_on_1_2_and_4_processes(
    tiny_config: Path, tmp_path: Path, start_tool: Callable, load_tool: Callable
) -> None:
    """Each step sees eight of nine videos on any number of processes."""
    config = tmp_path / 'alike.py'
    config.write_text(
        dedent(f"""
        _base_ = ['{tiny_config}']
        model = dict(cls_head=dict(label_encoder=dict(templates=['{{}}'])))
        train_dataloader = dict(
            batch_size=8, drop_last=True,
            dataset=dict(
                type='RobustVideoDataset',
                pipeline=[
                    dict(type='VideoInit'),
                    dict(type='UniformSample', clip_len=4),
                    dict(type='VideoDecode'),
                    dict(type='Resize', scale=(32, 32), keep_ratio=False),
                    dict(type='Flip', flip_ratio=0.5),
                    dict(type='FormatShape', input_format='NCTHW'),
                    dict(type='PackActionInputs')]))
        optim_wrapper = dict(optimizer=dict(lr=1e-4))
        log_processor = dict(window_size=1)
        """)
    )
    runs = [
        dict(
            args=[
                *(str(config), '--work-dir', str(tmp_path / str(count)), '--seed', '3'),
                *('--cfg-options', 'train_cfg.max_epochs=4'),
                f'train_dataloader.batch_size={8 // count}',
            ],
            kill=None,
            processes=count,
            log=str(tmp_path / f'{count}.txt'),
        )
        for count in (1, 2, 4)
    ]
    (tmp_path / 'runs.json').write_text(json.dumps(runs))
    worker = start_tool('tests/resume_worker.py', tmp_path / 'runs.json')
    output, _ = worker.communicate(timeout=500)
    assert worker.returncode == 0, output
    tool = load_tool(TOOL)
    expected, metrics = tool.read_log(str(tmp_path / '1'))
    assert len(expected) == 4 and len(metrics) == 4
    for count in ('2', '4'):
        losses, found = tool.read_log(str(tmp_path / count))
        assert tool.differences(losses, expected).max() < 1e-4
        assert found == metrics
