"""From a user's videos to a trained model and its report."""

import json
import shlex
from typing import Any

from ..utils import read_json_object, write_json
from .preparing import apply_package, prepare
from .run_folder import BEST, CONFIG, WORK_DIR, link_checkpoints
from .settings import (
    STATE,
    TRIAL,
    Settings,
    choose_device,
    is_prepared,
    refuse_used,
    state_of,
)


def finetune(settings: Settings, dry_run: bool = False, resume: bool = False) -> dict[str, Any]:
    """Train on a user's videos; print what is done and what came out.

    Args:
        settings: What to do.
        dry_run: Stop before the training; the run folder is complete.
        resume: Go on with the run in ``settings.out``.

    Returns:
        Content of the report's ``report.json``; empty for a dry run.

    Raises:
        FileNotFoundError: No such source, or videos of a table.
        ValueError: Data that cannot be trained on, or settings that contradict the run folder.
        FileExistsError: The run folder holds a run.
        RuntimeError: The trial or the training failed.
    """
    choose_device(settings.device)
    out = settings.out
    state = state_of(settings)
    if not (resume and is_prepared(out, state)):
        refuse_used(out, resume)
        prepare(settings)
        write_json(out / STATE, state)
    facts = json.loads((out / TRIAL).read_text('utf-8'))
    if dry_run:
        print(f'\nDry run: {out / CONFIG} is ready; the same command without --dry-run trains.')
        return {}
    peak = _train(settings, facts, resume)
    return _report(settings, facts, peak)


def _train(settings: Settings, facts: dict[str, Any], resume: bool) -> int:
    from .processes import train

    out = settings.out.resolve()
    if resume and (out / WORK_DIR / f'epoch_{facts["epochs"]}.pth').is_file():
        print('The training is complete.')
        return 0
    print(flush=True)
    return train(out / CONFIG, out / WORK_DIR, settings.cfg_options, resume, int(facts['epochs']))


def _report(settings: Settings, facts: dict[str, Any], peak: int) -> dict[str, Any]:
    apply_package()
    from mmengine.logging import MMLogger

    from ..reporting import write_report

    MMLogger.get_current_instance().setLevel('WARNING')
    links = link_checkpoints(settings.out)
    page = write_report(
        settings.out / WORK_DIR,
        settings.out / 'report',
        checkpoint=str(links[BEST]),
        split=facts['tested'],
        device='cpu' if settings.device == 'cpu' else 'auto',
    )
    found = read_json_object(page.with_name('report.json'), 'a report')
    kind = 'test' if facts['tested'] == 'test' else 'validation'
    epoch = links[BEST].stem.rpartition('_')[2]
    rows = [
        ('accuracy', f'{_percent(found["result"])} on {found["videos"]} {kind} clips'),
        ('zero-shot', f'{_percent(found["zero_shot"])} (the same towers before training)'),
        *_advice(found),
        ('model', f'{settings.out / BEST} (epoch {epoch})'),
        ('report', str(page)),
        ('predict', shlex.join(['actionclip', 'predict', 'VIDEO', '--checkpoint',
                                str(settings.out / BEST)])),
    ]  # fmt: skip
    if peak and facts['memory']:
        text = f'{peak / 2**30:.2f} GiB at most, estimated {facts["memory"] / 2**30:.2f} GiB'
        rows.insert(2, ('memory', text))
    print('\n' + '\n'.join(f'{name:<12}  {text}' for name, text in rows))
    return found | dict(peak_memory=peak, estimated_memory=facts['memory'])


def _percent(measured: dict[str, Any] | None) -> str:
    return 'not tested' if not measured else f'top-1 {100 * measured["top-1"]:.1f} %'


def _advice(found: dict[str, Any]) -> list[tuple[str, str]]:
    before = found['zero_shot']
    if not before or found['result']['top-1'] > before['top-1'] or before['top-1'] == 1:
        return []
    return [
        ('advice', 'training did not improve on zero-shot: add clips, or raise --epochs or --lr')
    ]
