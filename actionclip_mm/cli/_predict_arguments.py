"""Options of ``actionclip predict`` and their checks, before anything slow is imported."""

import argparse
import glob
import os

from ..utils import check_writable
from ..utils.carried_files import carried
from ..utils.label_names import read_labels
from ._arguments import Parser, existing_file, file_or_url, make_parser, positive
from ._video_lists import add_videos

MINI = 'mini'  # the shipped mini CLIP
OWN_WEIGHTS = ('local-dir:', 'hf-hub:')  # names of open_clip that bring their weights


def parser_of_predict(description: str | None) -> Parser:
    """All options of ``actionclip predict``."""
    parser = make_parser('predict', description)
    add = parser.add_argument
    add_videos(
        parser,
        ';\nthey come before --labels (default with --arch mini: the shipped sample clips)',
    )
    add('--topk', type=positive, default=5, help='labels shown per video (default: 5)')
    add('--json', metavar='FILE', help='also write the answers as JSON; - prints JSON only')
    add(
        '--jsonl',
        metavar='FILE',
        help='also append each answer to FILE, one JSON object per line, as it comes; the same\n'
        'call goes on where the last one ended',
    )
    add('--retry-errors', action='store_true', help='with --jsonl: try unreadable videos again')
    add(
        '--none-of-these',
        nargs='?',
        const=True,
        type=threshold,
        metavar='COSINE',
        help='let neutral sentences compete with the labels, or with a number answer\n'
        '"none of these" below this cosine (default: on for a single label)',
    )
    add(
        '--batch-size',
        type=positive,
        metavar='N',
        help='videos computed at once (default: one, then more while that is faster)',
    )
    add(
        '--workers',
        type=count,
        metavar='N',
        help='threads that decode the next videos meanwhile, 0 for none\n'
        '(default: one per processor, at most 4)',
    )
    add(
        '--max-pixels',
        type=positive,
        metavar='N',
        help='largest frame, width x height, where the config sets none (default: 8192 x 4320)',
    )
    add_model_arguments(parser)
    return parser


def add_model_arguments(parser: Parser) -> None:
    """Labels, templates, device, and what the model is."""
    add = parser.add_argument
    labels = parser.add_mutually_exclusive_group()
    add_labels = labels.add_argument
    add_labels('--labels', nargs='+', metavar='LABEL', help='class names')
    add_labels('--labels-file', type=existing_file, metavar='FILE', help='.txt, .json or .csv')
    add('--templates', metavar='PRESET|FILE', help='prompt templates (default: actionclip16)')
    add('--device', default='auto', help='auto (a GPU if there is one, default), cpu, cuda:1, ...')
    add(
        '--precision',
        choices=('fp32', 'bf16'),
        default='fp32',
        help='bf16 is faster on processors that compute in it; scores change in\n'
        'the third digit (default: fp32)',
    )
    add('--random-weights', action='store_true', help='run without weights, to try things out')
    add_model_options(parser)


def add_model_options(parser: Parser) -> None:
    """Options that choose the model."""
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


def count(text: str) -> int:
    """Argument type: an integer of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'must be 0 or a positive integer, got {text}')
    return int(text)


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
    check_model_options(args)
    given = args.labels or args.labels_file or args.checkpoint  # it knows its labels
    if not given and not args.config:
        raise ValueError('class names are missing: give --labels or --labels-file.')


def check_model_options(args: argparse.Namespace) -> None:
    """Raise ValueError for options of the model that contradict each other."""
    if args.config or args.checkpoint:
        names = ('arch', 'pretrained', 'num_frames', 'num_clips')
        given = ['--' + name.replace('_', '-') for name in names if getattr(args, name)]
        if given:
            by = '--config' if args.config else '--checkpoint'
            raise ValueError(f'{given[0]} is set by {by}: give only one of them.')
    random_weights = getattr(args, 'random_weights', False)  # an option of predict
    if args.config:
        if not args.checkpoint and not random_weights:
            raise ValueError('--config needs the --checkpoint trained with it.')
    arch = args.arch or ''
    if arch == MINI and (args.pretrained or random_weights):
        raise ValueError('--arch mini has weights of its own: remove the other option.')
    if arch.endswith('.json') and not args.pretrained and not random_weights:
        raise ValueError('--arch FILE.json needs --pretrained FILE with its weights.')
    if random_weights and (args.checkpoint or args.pretrained or arch.startswith(OWN_WEIGHTS)):
        raise ValueError('--random-weights contradicts the given weights: give only one of them.')


def check_files(args: argparse.Namespace) -> None:
    """Raise ValueError or OSError for wrong labels and paths, before anything slow is imported."""
    if not args.videos:
        raise ValueError('no videos were given; they come before --labels.')
    if '://' in args.videos[0] and not any(map(os.path.exists, args.videos)):
        raise ValueError(f"'{args.videos[0]}': URLs are not supported: download the video first.")
    patterns = [video for video in args.videos if glob.has_magic(video)]
    if not patterns and not any(os.path.exists(video) for video in args.videos):
        raise FileNotFoundError(f"no such file or folder: '{args.videos[0]}'")
    if args.jsonl and args.json:
        raise ValueError('--json and --jsonl contradict each other: give only one of them.')
    if args.retry_errors and not args.jsonl:
        raise ValueError('--retry-errors needs --jsonl.')
    for option, path in (('--json', args.json), ('--jsonl', args.jsonl)):
        if path and (option, path) != ('--json', '-'):
            if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
                raise FileNotFoundError(f"{option}: the folder of '{path}' does not exist.")
            check_writable(path)
    check_label_files(args)


def check_label_files(args: argparse.Namespace) -> None:
    """Raise ValueError or OSError for wrong labels, before anything slow is imported."""
    for label in args.labels or ():
        if os.path.exists(label) and os.path.splitext(label)[1]:
            raise ValueError(f"--labels '{label}' is a file: put videos before --labels.")
    if args.labels or args.labels_file:
        # how names are split, and so which are equal, may be set in the config
        read_labels(args.labels or str(args.labels_file), split_names=not args.config)
