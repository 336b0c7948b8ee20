"""Label videos, zero-shot with CLIP weights or with a trained model.

Zero-shot, with the weights of open_clip:

    actionclip predict VIDEO [VIDEO ...] --labels "arm wrestling" "flipping pancake" hugging

With a trained model, whose labels are the default:

    actionclip predict VIDEO [VIDEO ...] --config CFG.py --checkpoint CKPT.pth

Tables go to stdout, progress and errors to stderr. Exit code: 0 all videos were answered, 1 some
could not be read (the others are answered), 2 the call is wrong or --json FILE cannot be written
(the answers are then printed), 130 or 143 stopped by Ctrl-C or SIGTERM (the answers so far are in
FILE's name with .partial.json; FILE stays as it was).
"""

import argparse
import glob
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from ..utils import check_writable, printable
from ..utils.carried_files import carried
from ..utils.label_names import read_labels
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
from ._arguments import Parser, existing_file, file_or_url, make_parser, positive

if TYPE_CHECKING:
    from ..apis import ActionCLIPInferencer, Prediction

MINI = 'mini'  # the shipped mini CLIP
OWN_WEIGHTS = ('local-dir:', 'hf-hub:')  # names of open_clip that bring their weights


def parser_of_predict() -> Parser:
    parser = make_parser('predict', __doc__)
    add = parser.add_argument
    add(
        'videos',
        nargs='*',
        metavar='VIDEO',
        help='video files, folders of videos, folders of the frames\n'
        'of a video, glob patterns; they come before --labels\n'
        '(default with --arch mini: the shipped sample clips)',
    )
    labels = parser.add_mutually_exclusive_group()
    add_labels = labels.add_argument
    add_labels('--labels', nargs='+', metavar='LABEL', help='class names')
    add_labels('--labels-file', type=existing_file, metavar='FILE', help='.txt, .json or .csv')
    add('--templates', metavar='PRESET|FILE', help='prompt templates (default: actionclip16)')
    add('--topk', type=positive, default=5, help='labels shown per video (default: 5)')
    add('--json', metavar='FILE', help='also write the answers as JSON; - prints JSON only')
    add(
        '--none-of-these',
        nargs='?',
        const=True,
        type=threshold,
        metavar='COSINE',
        help='let neutral sentences compete with the labels, or with a number answer\n'
        '"none of these" below this cosine (default: on for a single label)',
    )
    add('--device', default='auto', help='auto (a GPU if there is one, default), cpu, cuda:1, ...')
    add('--batch-size', type=positive, default=1, help='videos computed at once (default: 1)')
    add(
        '--max-pixels',
        type=positive,
        metavar='N',
        help='largest frame, width x height, where the config sets none (default: 8192 x 4320)',
    )
    add('--random-weights', action='store_true', help='run without weights, to try things out')
    clip = parser.add_argument_group('zero-shot with CLIP weights')
    clip.add_argument(
        '--arch',
        help='open_clip model name, local-dir:FOLDER, a JSON file with an open_clip model\n'
        'config, or mini, the shipped mini CLIP for a first try (default: ViT-B-16)',
    )
    clip.add_argument('--pretrained', help='open_clip tag or weight file (default: openai)')
    clip.add_argument('--num-frames', type=positive, help='frames per clip (default: 8)')
    clip.add_argument('--num-clips', type=positive, help='clips per video (default: 1)')
    trained = parser.add_argument_group('with a trained model')
    trained.add_argument(
        '--config',
        type=file_or_url,
        metavar='FILE',
        help='config it was trained with, for checkpoints that do not describe themselves',
    )
    trained.add_argument(
        '--checkpoint',
        type=path_or_url,
        metavar='FILE|DIR',
        help='checkpoint of a training, or a folder of actionclip export',
    )
    return parser


def use_samples(args: argparse.Namespace) -> None:
    """Take the shipped sample clips, and their labels unless there are others."""
    folder = carried('data/mini_clip/samples')
    args.videos = [str(folder)]
    if not args.labels and not args.labels_file:
        args.labels_file = folder / 'labels.txt'


def path_or_url(text: str) -> str:
    """Argument type: a file or folder that exists, or an address that mmengine can read."""
    if '://' not in text and not os.path.exists(text):
        raise argparse.ArgumentTypeError(f"no such file or folder: '{text}'")
    return text


def threshold(text: str) -> float:
    """Argument type: a cosine."""
    try:
        value = float(text)
    except ValueError:
        value = 2.0
    if not -1 <= value <= 1:
        raise argparse.ArgumentTypeError(f'must be a cosine in [-1, 1], got {text}')
    return value


def check_combinations(args: argparse.Namespace) -> None:
    """Raise ValueError for options that contradict each other or would be ignored."""
    if args.config or args.checkpoint:
        names = ('arch', 'pretrained', 'num_frames', 'num_clips')
        given = ['--' + name.replace('_', '-') for name in names if getattr(args, name)]
        if given:
            by = '--config' if args.config else '--checkpoint'
            raise ValueError(f'{given[0]} is set by {by}: give only one of them.')
    if args.config:
        if not args.checkpoint and not args.random_weights:
            raise ValueError('--config needs the --checkpoint trained with it.')
    elif args.checkpoint:
        pass  # it describes its model, which is known when it is read
    elif not args.labels and not args.labels_file:
        raise ValueError('class names are missing: give --labels or --labels-file.')
    arch = args.arch or ''
    if arch == MINI and (args.pretrained or args.random_weights):
        raise ValueError('--arch mini has weights of its own: remove the other option.')
    if arch.endswith('.json') and not args.pretrained and not args.random_weights:
        raise ValueError('--arch FILE.json needs --pretrained FILE with its weights.')
    if args.random_weights and (args.checkpoint or args.pretrained or arch.startswith(OWN_WEIGHTS)):
        raise ValueError('--random-weights contradicts the given weights: give only one of them.')


def check_files(args: argparse.Namespace) -> None:
    """Raise ValueError or OSError for wrong labels and paths, before anything slow is imported."""
    if not args.videos:
        raise ValueError('no videos were given; they come before --labels.')
    patterns = [video for video in args.videos if glob.has_magic(video)]
    if not patterns and not any(os.path.exists(video) for video in args.videos):
        raise FileNotFoundError(f"no such file or folder: '{args.videos[0]}'")
    if args.json and args.json != '-':
        if not os.path.isdir(os.path.dirname(os.path.abspath(args.json))):
            raise FileNotFoundError(f"--json: the folder of '{args.json}' does not exist.")
        check_writable(args.json)
    for label in args.labels or ():
        if os.path.exists(label) and os.path.splitext(label)[1]:
            raise ValueError(f"--labels '{label}' is a file: put videos before --labels.")
    if args.labels or args.labels_file:
        # how names are split, and so which are equal, may be set in the config
        read_labels(args.labels or str(args.labels_file), split_names=not args.config)


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

    register_all()
    from ..apis import ActionCLIPInferencer

    labels = args.labels or (args.labels_file and str(args.labels_file))
    common = dict(device=args.device, batch_size=args.batch_size)
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
    answers: list['Prediction'],
) -> None:
    """Print the table or the error of each video as soon as it is known, and keep the answer."""
    progress = Progress(len(args.videos), sys.stderr)
    progress.show(0)
    said: set[str] = set()
    stream = inferencer.stream([*args.videos], topk=args.topk, none_of_these=args.none_of_these)
    for answer in stream:
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
        progress.show(len(answers))


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


def main(argv: Sequence[str] | None = None) -> int:
    """Answer all videos; returns 0, or 1 if some could not be read."""
    parser = parser_of_predict()
    args = parser.parse_args(argv)
    out = sys.stdout
    answers: list[Prediction] = []
    with parser.wrong_calls():
        if args.arch == MINI and not args.videos:
            use_samples(args)
        check_combinations(args)
        check_files(args)
        try:
            predict(args, out, answers)
            if args.json:
                write_answers(args.json, content_of(answers, args.topk, weights_of(args)), out)
        except KeyboardInterrupt as stop:
            raise type(stop)(keep(answers, args, out)) from None
    return 1 if any(answer.error is not None for answer in answers) else 0


def predict(args: argparse.Namespace, out: TextIO, answers: list['Prediction']) -> None:
    """Build the inferencer and answer the videos."""
    if args.max_pixels:
        os.environ['ACTIONCLIP_MAX_PIXELS'] = str(args.max_pixels)
    with without_host_noise():
        check_device(args.device)
        with hosts_log_warnings_only():
            inferencer = build(args)
            args.videos = expanded(args.videos)
            if args.random_weights:
                print(RANDOM_NOTICE, file=sys.stderr if args.json == '-' else out, flush=True)
            try:
                answer(inferencer, args, out, answers)
            except Exception:  # one bad batch must not cost the answers before it
                if answers:
                    print(keep(answers, args, out), file=sys.stderr)
                raise
