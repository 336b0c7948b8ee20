"""Render a result card as a Markdown page."""

import json
from typing import Any

from ..utils import on_page, printable
from .card import COUNTS, Card, ClassResult, Statistic
from .published import compare

METRICS = {
    'acc/top1': 'top-1',
    'acc/top5': 'top-5',
    'acc/mean1': 'mean-class accuracy',
    'charades/mAP': 'mAP',
    'charades/wAP': 'weighted AP',
    'maxi/mAP': "mAP, MAXI's definition",
}


def to_markdown(card: Card) -> str:
    """The page: numbers, what decided them, then published numbers."""
    protocol = card.protocol
    lines = [f'# {protocol.id}', '']
    if not card.is_complete:
        lines += [f'**INCOMPLETE: {_unscored(card)}. The numbers below do not count.**', '']
    lines += [protocol.meaning, '', *_results(card), '']
    lines += ['## What decided the numbers', '', '| | |', '|---|---|']
    lines += [f'| {name} | {_cell(value)} |' for name, value in _settings(card)]
    lines += ['', '## Runs', '', *_runs(card), '']
    if protocol.differences:
        lines += ['## Differences from the published protocol', '']
        lines += [f'- {on_page(text)}' for text in protocol.differences] + ['']
    lines += _failed(card)
    lines += [*_published(card), *_per_class(card), *_evidence(card)]
    lines += ['## Made', '', *_made(card)]
    return '\n'.join(lines) + '\n'


def describe_statistic(row: Statistic) -> str:
    """``98.3 ± 0.4`` in percent, without the spread of a single run."""
    spread = '' if row.std is None else f' ± {100 * row.std:.2f}'
    return f'{100 * row.mean:.2f}{spread}'


def _unscored(card: Card) -> str:
    return '; '.join(
        f'{run.run} {run.part} scored {run.videos.scored} of {run.videos.listed} listed videos'
        for run in card.runs
        if run.videos.scored != run.videos.listed
    )


def _results(card: Card) -> list[str]:
    lines = ['| part | metric | % | runs |', '|---|---|---|---|']
    for row in card.statistics:
        metric = METRICS.get(row.metric, row.metric)
        lines.append(f'| {row.part} | {metric} | {describe_statistic(row)} | {row.n} |')
    return [*lines, '', f'Statistic: {card.protocol.statistic}.']


def _settings(card: Card) -> list[tuple[str, Any]]:
    model, test, text, training = card.model, card.test, card.text, card.training
    rows: list[tuple[str, Any]] = [
        ('config', model.config + (f' with {model.options}' if model.options else '')),
        ('recognizer', model.recognizer),
        ('image tower', f'{_short(model.arch)} ({model.backbone})'),
        ('pretrained', model.pretrained),
        ('frame pooling', model.pooling),
        ('visual prompt in the tower', model.visual_prompt),
        ('head', model.head),
    ]
    if text is not None:
        context = ', learned context' if text.context else ''
        rows += [
            ('scale at test', model.test_scale or 'the learned one'),
            ('templates', f'{_short(text.templates)} ({text.num_templates}{context})'),
            ('template ensemble', text.ensemble),
            ('joined names are split', text.split_names),
        ]
    rows += [
        ('frames', test.frames),
        ('views', f'{test.clips} x {test.crops} (clips x crops)'),
        ('views pooled as', test.average_clips),
        ('scores', test.scores or 'as they leave the head'),
        ('sampling', test.sampling),
        ('resize', test.resize),
        ('crop', test.crop),
        ('pixel mean, std', f'{list(model.mean)}, {list(model.std)}'),
        ('read from', test.modality),
    ]
    if training is not None:
        batch = f'{training.batch_size} x {training.processes} processes'
        dropped = ', last incomplete batch dropped' if training.drop_last else ''
        rows += [
            ('trained from', training.start),
            ('training', f'{training.epochs} epochs, batch {batch}{dropped}'),
            ('optimiser', training.optimizer),
            ('training videos', training.draws),
        ]
    return rows


def _runs(card: Card) -> list[str]:
    metrics = list(card.runs[0].metrics)
    names = [METRICS.get(name, name) for name in metrics]
    head = ['run', 'part', *names, 'classes', *COUNTS, 'labels', 'test list', 'checkpoint']
    if card.training is not None:
        head += ['trained on', 'training list']
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    for run in card.runs:
        values = [f'{100 * run.metrics[name]:.2f}' for name in metrics]
        row = [run.run, run.part, *values, run.classes.count]
        row += [getattr(run.videos, name) for name in COUNTS]
        row += [_hash(run.classes.sha256), _hash(run.test_list.sha256)]
        row += [_hash(run.checkpoint_sha256)]
        if card.training is not None:
            train = run.train_list
            row += [train.count, _hash(train.sha256)] if train else ['–', '–']
        lines.append('| ' + ' | '.join(map(str, row)) + ' |')
    rules = dict.fromkeys(run.classes.rule for run in card.runs)
    note = 'Labels, lists and the tested checkpoint: first 12 digits of their SHA-256.'
    return [*lines, '', f'Classes: {on_page("; ".join(rules))}.', note]


def _failed(card: Card) -> list[str]:
    lines = [
        f'- {run.run} {run.part}: {on_page(line)}'
        for run in card.runs
        for line in run.failed_videos
    ]
    note = 'They could not be read and count as wrong.'
    return ['## Failed videos', '', note, '', *lines, ''] if lines else []


def _published(card: Card) -> list[str]:
    rows = compare(card)
    same = [row for row, reason in rows if not reason]
    lines = []
    if same:
        lines += [
            '## Published numbers of the same videos and classes',
            '',
            'By others, not measured here; settings differ where the protocol leaves them open.',
            '',
            '| model | % | setting | source |',
            '|---|---|---|---|',
        ]
        lines += [f'| {row.model} | {row.value} | {row.setting} | {row.source} |' for row in same]
        lines.append('')
    others = [f'- {row.model} ({row.source}): not comparable: {why}.' for row, why in rows if why]
    if others:
        lines += ['## Published numbers that do not compare', '', *dict.fromkeys(others), '']
    return lines


def _per_class(card: Card) -> list[str]:
    """One table per part: a row per class, a column per run."""
    lines = []
    for part in dict.fromkeys(run.part for run in card.runs):
        runs = [run for run in card.runs if run.part == part]
        names = dict.fromkeys(entry.name for run in runs for entry in run.per_class.classes)
        head = ['class', 'videos', *(run.run for run in runs)]
        lines += [f'## Each class: {runs[0].per_class.metric} in %, {part}', '']
        lines += ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
        found = [{entry.name: entry for entry in run.per_class.classes} for run in runs]
        for name in names:
            entries = [classes.get(name) for classes in found]
            counts = dict.fromkeys(str(entry.videos) for entry in entries if entry)
            row = [_cell(name), ' / '.join(counts), *map(_percent, entries)]
            lines.append('| ' + ' | '.join(row) + ' |')
        lines.append('')
    return lines


def _percent(entry: ClassResult | None) -> str:
    return '–' if entry is None or entry.value is None else f'{100 * entry.value:.1f}'


def _evidence(card: Card) -> list[str]:
    lines = ['## Scores of each video', '', '| run | part | file | SHA-256 |', '|---|---|---|---|']
    lines += [f'| {row.run} | {row.part} | {row.file} | `{row.sha256}` |' for row in card.evidence]
    return [*lines, '']


def _made(card: Card) -> list[str]:
    made = card.made
    versions = ', '.join(f'{name} {version}' for name, version in made.versions.items())
    commit = made.git_commit or ''
    if commit:
        commit = f', commit {commit[:12]}{commit[40:]}'  # -dirty
    return [
        f'{made.date}, {made.seconds:.0f} s, {made.processes} process'
        f'{"es" * (made.processes != 1)}, {made.device}; {versions}{commit}.',
        '',
        f'Fingerprint `{card.fingerprint}`: the same for the same result of the same settings.',
        '',
        f'    {printable(made.command)}',
    ]


def _cell(value: Any) -> str:
    if value is None:
        return 'none'
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return on_page(text.replace('\n', ' '))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else f'{text[:300]}…'


def _hash(sha256: str) -> str:
    return f'`{sha256[:12]}`'
