"""Write the report of a run: what it learned, where it fails, how its scores are calibrated."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..apis.building import build_trained, read_model_config
from ..converters.description import store_temperature as store_in_checkpoint
from ..utils import check_writable, first_line, write_json, write_text
from ..utils.devices import best_device
from ..version import __version__
from .error_sections import calibration_section, confusion_section, texts_section, worst_section
from .page import Report, Section, Table, write_pages
from .run_folder import RunFolder
from .scores import Calibration, Scored, calibrate, find_video, loader_of, read_scores
from .sections import (
    classes_section,
    measures,
    result_section,
    tests_section,
    training_section,
)
from .testing import score_list, with_texts, zero_shot_model

SCORES, ZERO_SHOT = 'scores.safetensors', 'zero_shot.safetensors'


def write_report(
    work_dir: str | Path,
    out: str | Path | None = None,
    *,
    config: str | Path | None = None,
    checkpoint: str | None = None,
    scores: str | Path | None = None,
    zero_shot: bool | str | Path = True,
    labels: str | None = None,
    split: str = 'val',
    device: str = 'auto',
    curves_only: bool = False,
    store_temperature: bool = False,
    notes: Mapping[str, str] | None = None,
) -> Path:
    """Write ``report.html``, ``report.md`` with PNG files, ``report.json`` and ``classes.csv``.

    Without ``scores`` the best checkpoint is tested on the list of the config, and the scores are
    written, too.

    Args:
        work_dir: Work dir of a training.
        out: Folder of the report. Defaults to ``work_dir/report``.
        config: Config, if not the one in the work dir.
        checkpoint: Checkpoint, if not the best one of the work dir.
        scores: ``.safetensors`` or ``test --dump`` file of an earlier test on the same list.
        zero_shot: Whether the model before training is tested too, or the scores of that test.
            Without weights to start from it is skipped with a note. Defaults to True.
        labels: Label file, if the class names are not in the config or the scores.
        split: Which list: ``'val'`` (default) or ``'test'``.
        device: ``'auto'`` (default), ``'cpu'``, ``'cuda:1'``, …
        curves_only: Draw the log alone; nothing is tested. Defaults to False.
        store_temperature: Whether the fitted temperature is written into the checkpoint, whose
            predictions then use it. Defaults to False.
        notes: Names and values for the first lines.

    Returns:
        The HTML file.

    Raises:
        FileNotFoundError: No such folder or file, or nothing of a run in the folder.
        ValueError: Files that do not belong together.
    """
    run = RunFolder(work_dir, config, checkpoint)
    out = run.path / 'report' if out is None else Path(out)
    check_writable(out / 'report.html')  # now, not after minutes of tests
    facts = {'run': str(run.path), 'config': str(run.config_file or '–')}
    sections = [training_section(run.log())]
    if not curves_only:
        tests = _Tests(run, out, split, device, labels)
        scored = tests.result(scores)
        before, note = tests.baseline(zero_shot, scored)
        facts |= _facts(run, scored, split)
        calibration = calibrate(scored)
        write_json(out / 'report.json', _numbers(scored, before, calibration))
        sections = _sections(run, scored, before, note, calibration, out, sections[0])
        if store_temperature:
            facts |= _store(run, calibration)
    facts |= notes or {}
    facts['actionclip_mm'] = __version__
    return write_pages(Report(f'Report: {run.path.resolve().name}', facts, sections), out)


def _facts(run: RunFolder, scored: Scored, split: str) -> dict[str, str]:
    found = scored.found
    return {
        'checkpoint': str(run.checkpoint or '–'),
        'list': split,
        'videos': f'{len(found.videos)}, {int(found.failed.sum())} of them unreadable',
        'classes': str(len(found.classes)),
    }


def _numbers(
    scored: Scored, before: Scored | None, calibration: Calibration | None
) -> dict[str, Any]:
    """Content of ``report.json``."""
    return dict(
        videos=len(scored.found.videos),
        unreadable=int(scored.found.failed.sum()),
        classes=len(scored.found.classes),
        result=measures(scored),
        zero_shot=None if before is None else measures(before),
        calibration=None if calibration is None else calibration.figures(),
    )


def _store(run: RunFolder, calibration: Calibration | None) -> dict[str, str]:
    if calibration is None or run.checkpoint is None:
        return {'temperature': 'not stored: it needs a checkpoint and one label per video'}
    store_in_checkpoint(run.checkpoint, calibration.temperature)
    return {'temperature': f'{calibration.temperature:.3g}, stored in the checkpoint'}


def _sections(
    run: RunFolder,
    scored: Scored,
    before: Scored | None,
    note: str,
    calibration: Calibration | None,
    out: Path,
    training: Section,
) -> list[Section]:
    classes, table = classes_section(scored, before)
    _write_csv(out / 'classes.csv', table)
    sections = [result_section(scored, before, note), training, classes]
    if scored.multi_label:
        sections.append(texts_section(scored))
    else:
        config = run.config if run.config_file else None
        paths = [find_video(name, config) for name in scored.found.videos]
        sections += [
            confusion_section(scored),
            texts_section(scored),
            worst_section(scored, paths),
        ]
    if calibration is not None:
        sections.append(calibration_section(calibration, exact=scored.logits is not None))
    tests = tests_section(run.tests())
    return sections if tests is None else [*sections, tests]


class _Tests:
    """Tests of a run on one list, or their scores from files."""

    def __init__(
        self, run: RunFolder, out: Path, split: str, device: str, labels: str | None
    ) -> None:
        self.run, self.out, self.split, self.labels = run, out, split, labels
        self.device = str(best_device()) if device == 'auto' else device
        self.config: Any = read_model_config(run.config) if run.config_file else None

    def result(self, scores: str | Path | None) -> Scored:
        """Scores of the checkpoint, or of a file."""
        checkpoint = self.run.checkpoint
        if scores is not None:
            scored = read_scores(Path(scores), self.config, self.labels, self.split)
            if self.config is None or checkpoint is None:
                return scored
            return with_texts(scored, self.config, str(checkpoint))
        config = self.run.config  # raises where there is none
        loader_of(config, self.split)
        if checkpoint is None:
            raise FileNotFoundError(
                f"'{self.run.path}' has no checkpoint: give one with --checkpoint, or --scores."
            )
        model = build_trained(config, str(checkpoint))
        return score_list(model, config, self.split, self.out / SCORES, self.device, self.labels)

    def baseline(self, wanted: bool | str | Path, result: Scored) -> tuple[Scored | None, str]:
        """Scores of the model before training and a note, or None and why there are none."""
        if wanted is False:
            return None, ''
        if wanted is not True:
            before = read_scores(Path(wanted), self.config, self.labels, self.split)
            return _fitting(before, result), 'Zero-shot: given scores.'
        if self.config is None:
            return None, 'Zero-shot baseline: not tested (the work dir has no config).'
        try:
            model, what = zero_shot_model(self.config, self.run.start)
            place = self.out / ZERO_SHOT
            before = score_list(model, self.config, self.split, place, self.device)
            return _fitting(before, result), f'Zero-shot: {what}.'
        except (ValueError, OSError, RuntimeError) as error:  # weights that are not there, …
            return None, f'Zero-shot baseline: not tested ({first_line(error)}).'


def _fitting(before: Scored, scored: Scored) -> Scored:
    """Refuse a baseline of other videos or classes."""
    if before.found.scores.shape != scored.found.scores.shape:
        count, classes = before.found.scores.shape
        raise ValueError(
            f'The zero-shot scores are of {count} videos and {classes} classes, the result is of '
            f'{len(scored.found.videos)} and {len(scored.found.classes)}: give those of the same '
            'list.'
        )
    return before


def _write_csv(path: Path, table: Table) -> None:
    text = io.StringIO(newline='')
    csv.writer(text, lineterminator='\n').writerows([table.head, *table.rows])
    write_text(path, text.getvalue(), errors='backslashreplace')
