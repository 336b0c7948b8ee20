"""Label videos, zero-shot with CLIP weights or with a trained model.

Zero-shot, with the weights of open_clip:

    actionclip predict VIDEO [VIDEO ...] --labels "arm wrestling" "flipping pancake" hugging

With a trained model, whose labels are the default:

    actionclip predict VIDEO [VIDEO ...] --config CFG.py --checkpoint CKPT.pth

Tables go to stdout, progress and errors to stderr. Exit code: 0 all videos were answered, 1 some
could not be read (the others are answered), 2 the call is wrong or --json FILE cannot be written
(the answers are then printed), 130 or 143 stopped by Ctrl-C or SIGTERM (the answers so far are in
FILE's name with .partial.json; FILE stays as it was). For thousands of videos use --jsonl FILE: an
answer is in FILE as soon as it is known, and the same call goes on after an interruption.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from ..utils import printable
from ._answers import (
    RANDOM_NOTICE,
    Progress,
    content_of,
    hosts_log_warnings_only,
    partial_path,
    table,
    without_host_noise,
    write_answers,
)
from ._predict_arguments import (
    MINI,
    OWN_WEIGHTS,
    check_combinations,
    check_files,
    parser_of_predict,
    use_samples,
)
from ._video_lists import read_lists

if TYPE_CHECKING:
    from ..apis import ActionCLIPInferencer, Prediction
    from ._answer_lines import AnswerLines


def check_device(device: str) -> None:
    import torch

    if device == 'auto':
        return
    try:
        wanted = torch.device(device)
    except RuntimeError:
        raise ValueError(f'--device must be cpu, cuda or cuda:N, got {device}.') from None
    if wanted.type == 'cuda' and (wanted.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f'--device {device}: torch sees {torch.cuda.device_count()} CUDA devices here.'
        )


def build(args: argparse.Namespace) -> 'ActionCLIPInferencer':
    from .. import register_all
    from ..compat import lazy_packages

    lazy_packages.want()
    register_all()
    from ..apis import ActionCLIPInferencer

    labels = args.labels or (args.labels_file and str(args.labels_file))
    names = ('device', 'batch_size', 'workers', 'precision')
    common = {name: getattr(args, name) for name in names if name in args}
    if args.checkpoint and not args.config:
        return ActionCLIPInferencer(
            args.checkpoint, labels=labels, templates=args.templates, **common
        )
    if args.config:
        common.update(labels=labels, templates=args.templates)
        return ActionCLIPInferencer.from_config(args.config, args.checkpoint, **common)
    given = {name: getattr(args, name) for name in ('templates', 'num_frames', 'num_clips')}
    return ActionCLIPInferencer.from_clip(
        labels,
        arch=args.arch or 'ViT-B-16',
        pretrained=pretrained(args),
        **{name: value for name, value in given.items() if value is not None},
        **common,
    )


def expanded(videos: Sequence[str]) -> list[str]:
    from ..apis.inputs import read_inputs

    return [source.name for video in videos for source in read_inputs(video)[0]]


def pretrained(args: argparse.Namespace) -> str | None:
    if args.random_weights or (args.arch or '').startswith(OWN_WEIGHTS):
        return args.pretrained
    return args.pretrained or ('mini CLIP' if args.arch == MINI else 'openai')


def answer(
    inferencer: 'ActionCLIPInferencer',
    args: argparse.Namespace,
    out: TextIO,
    answers: 'list[Prediction] | AnswerLines',
) -> None:
    """Print the table or the error of each video as soon as it is known, and keep the answer."""
    progress = Progress(len(args.videos), sys.stderr)
    progress.show(0)
    said: set[str] = set()
    stream = inferencer.stream([*args.videos], topk=args.topk, none_of_these=args.none_of_these)
    for done, answer in enumerate(stream, 1):
        answers.append(answer)
        progress.clear()
        notes = list(answer.notes)
        if answer.missing_frames:
            notes.append(f'{answer.video}: {answer.missing_frames} sampled frames are missing.')
        for note in notes:
            if note not in said:
                said.add(note)
                print(f'note: {printable(note)}', file=sys.stderr, flush=True)
        if answer.error is not None:
            print(f'error: {printable(answer.error)}', file=sys.stderr, flush=True)
        elif args.json != '-':
            print(table(answer, args.topk), file=out, flush=True)
        progress.show(done)


def weights_of(args: argparse.Namespace) -> str:
    """What the answers were computed with."""
    return 'random' if args.random_weights else args.checkpoint or pretrained(args) or args.arch


def keep(answers: list['Prediction'], args: argparse.Namespace, out: TextIO) -> str:
    """Write the answers of an interrupted run to a file of their own; say where they are."""
    said = f'{len(answers)} of {len(args.videos)} videos were answered'
    if not (args.json and answers):
        return f'{said}; give the others to go on.'
    content = dict(content_of(answers, args.topk, weights_of(args)), complete=False)
    place = partial_path(args.json)
    try:
        write_answers(place, content, out)
    except OSError as error:
        return f'{said}. {error}'
    kept = '' if place == '-' else f", see '{place}' (--json FILE is as it was)"
    return f'{said}{kept}; give the others to go on.'


def open_lines(inferencer: 'ActionCLIPInferencer', args: argparse.Namespace) -> 'AnswerLines':
    """Open the file of ``--jsonl`` and drop the videos that it answers."""
    from ..features.keys import model_key, pipeline_key
    from ..version import __version__
    from ._answer_lines import AnswerLines

    header = dict(
        version=__version__,
        model=weights_of(args),
        labels=inferencer.labels,
        weights=model_key(inferencer.model, args.precision),
        pipeline=pipeline_key(inferencer.read.pipeline),
        temperature=inferencer.matcher.temperature,
        templates=inferencer.prompts if inferencer.matcher.has_texts else None,
        topk=args.topk,
        none_of_these=args.none_of_these,
    )
    lines = AnswerLines(args.jsonl, header, args.topk)
    args.listed = list(dict.fromkeys(args.videos))
    args.videos = lines.left_of(args.videos, args.retry_errors)
    skipped = len(args.listed) - len(args.videos)
    if skipped:
        print(f"{skipped} videos are answered in '{printable(args.jsonl)}'", file=sys.stderr)
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """Answer all videos; returns 0, or 1 if some could not be read."""
    parser = parser_of_predict(__doc__)
    args = parser.parse_args(argv)
    out = sys.stdout
    answers: list[Prediction] = []
    with parser.wrong_calls():
        read_lists(args)
        if args.arch == MINI and not args.videos:
            use_samples(args)
        check_combinations(args)
        check_files(args)
        try:
            unread = predict(args, out, answers)
            if args.json:
                write_answers(args.json, content_of(answers, args.topk, weights_of(args)), out)
        except KeyboardInterrupt as stop:
            said = str(stop) or keep(answers, args, out)
            raise type(stop)(said) from None
    return 1 if unread else 0


def predict(args: argparse.Namespace, out: TextIO, answers: list['Prediction']) -> bool:
    """Build the inferencer and answer the videos; returns whether some could not be read."""
    if args.max_pixels:
        os.environ['ACTIONCLIP_MAX_PIXELS'] = str(args.max_pixels)
    with without_host_noise():
        check_device(args.device)
        with hosts_log_warnings_only():
            inferencer = build(args)
            args.videos = expanded(args.videos)
            if args.random_weights:
                print(RANDOM_NOTICE, file=sys.stderr if args.json == '-' else out, flush=True)
            if args.jsonl:
                return answer_lines(inferencer, args, out)
            try:
                answer(inferencer, args, out, answers)
            except Exception:  # one bad batch must not cost the answers before it
                if answers:
                    print(keep(answers, args, out), file=sys.stderr)
                raise
    return any(each.error is not None for each in answers)


def answer_lines(inferencer: 'ActionCLIPInferencer', args: argparse.Namespace, out: TextIO) -> bool:
    """Answer the videos that the file of ``--jsonl`` does not answer, keeping none in memory."""
    lines = open_lines(inferencer, args)
    try:
        if args.videos:
            answer(inferencer, args, out, lines)
    except KeyboardInterrupt as stop:
        left = len(lines.left_of(args.listed))
        raise type(stop)(
            f'{len(args.listed) - left} of {len(args.listed)} videos are answered in '
            f"'{args.jsonl}'; run the same call again to go on."
        ) from None
    finally:
        lines.close()
    return not all(lines.answered[video] for video in args.listed)
