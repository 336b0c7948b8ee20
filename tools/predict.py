"""Which of the given labels do video files show?

Zero-shot with CLIP weights (through open_clip) and the mean over the frames:

    python tools/predict.py VIDEO [VIDEO ...] --labels "arm wrestling" "flipping pancake"

With a trained model, whose labels are the default:

    python tools/predict.py VIDEO [VIDEO ...] --config CFG.py --checkpoint CKPT.pth

Tables go to stdout, progress and errors to stderr. Exit code: 0 all videos were answered, 1 some
could not be read (the others are answered), 2 the call is wrong or --json FILE cannot be written
(the answers are then printed), 130 or 143 stopped by Ctrl-C or SIGTERM (the answers so far are in
FILE's name with .partial.json; FILE stays as it was).
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from _entry import package_module, run_tool
from _host_tool import ROOT
from _predict_output import (
    RANDOM_NOTICE,
    Progress,
    content_of,
    hosts_log_warnings_only,
    partial_path,
    table,
    without_host_noise,
    write_answers,
)

if TYPE_CHECKING:
    from actionclip_mm.apis import ActionCLIPPredictor, Prediction

OWN_WEIGHTS = ('local-dir:', 'hf-hub:')  # names of open_clip that bring their weights


class Parser(argparse.ArgumentParser):
    """Answers a wrong call with one line instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f'{self.prog}: error: {message}\n')


def positive(text: str) -> int:
    number = int(text) if text.lstrip('-').isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f'{text} is not a whole number of at least 1')
    return number


def make_parser() -> Parser:
    parser = Parser(
        prog='predict.py', description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add(
        'videos',
        nargs='+',
        metavar='VIDEO',
        help='video files, folders of videos, or folders of the\n'
        'frames of a video; they come before --labels',
    )
    labels = parser.add_mutually_exclusive_group()
    labels.add_argument('--labels', nargs='+', metavar='LABEL', help='class names')
    labels.add_argument('--labels-file', metavar='FILE', help='.txt, .json or .csv of class names')
    add('--templates', metavar='PRESET|FILE', help='prompt templates (default: actionclip16)')
    add('--topk', type=positive, default=5, help='labels shown per video (default: 5)')
    add('--json', metavar='FILE', help='also write the answers as JSON; - prints JSON only')
    add('--device', default='cpu', help='cpu (default), cuda, cuda:1, ...')
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
        help='open_clip model name, local-dir:FOLDER, or a JSON file with an open_clip model\n'
        'config (default: ViT-B-16)',
    )
    clip.add_argument('--pretrained', help='open_clip tag or weight file (default: openai)')
    clip.add_argument('--num-frames', type=positive, help='frames per clip (default: 8)')
    clip.add_argument('--num-clips', type=positive, help='clips per video (default: 1)')
    trained = parser.add_argument_group('with a trained model')
    trained.add_argument('--config', metavar='FILE', help='the config it was trained with')
    trained.add_argument('--checkpoint', metavar='FILE', help='what training has saved')
    return parser


def check_combinations(args: argparse.Namespace) -> None:
    """Raises ValueError for options that contradict each other or would be ignored."""
    if args.config:
        names = ('arch', 'pretrained', 'num_frames', 'num_clips')
        given = ['--' + name.replace('_', '-') for name in names if getattr(args, name)]
        if given:
            raise ValueError(f'{given[0]} is decided by --config: leave one of them out.')
        if not args.checkpoint and not args.random_weights:
            raise ValueError('--config needs the --checkpoint that was trained with it.')
    elif args.checkpoint:
        raise ValueError('--checkpoint needs the --config that it was trained with.')
    elif not args.labels and not args.labels_file:
        raise ValueError('give the class names with --labels or --labels-file.')
    arch = args.arch or ''
    if arch.endswith('.json') and not args.pretrained and not args.random_weights:
        raise ValueError('--arch FILE.json needs --pretrained FILE with the weights of that model.')
    if args.random_weights and (args.checkpoint or args.pretrained or arch.startswith(OWN_WEIGHTS)):
        raise ValueError('--random-weights contradicts the weights that are given: leave one out.')


def check_files(args: argparse.Namespace) -> None:
    """Finds wrong labels and paths before anything slow is imported."""
    for name in ('config', 'checkpoint'):
        path = getattr(args, name)
        if path and '://' not in path and not Path(path).is_file():
            raise FileNotFoundError(f"There is no file '{path}': mend --{name}.")
    if args.json and args.json != '-' and not Path(args.json).resolve().parent.is_dir():
        raise FileNotFoundError(f"There is no folder for '{args.json}': make it or mend --json.")
    if args.json and args.json != '-':
        package_module('utils/whole_files.py').check_writable(args.json)
    if args.labels or args.labels_file:
        # how names are split, and so which are equal, may be set in the config
        labels = args.labels or args.labels_file
        package_module('utils/label_names.py').read_labels(labels, split_names=not args.config)


def check_device(device: str) -> None:
    import torch

    try:
        wanted = torch.device(device)
    except RuntimeError:
        raise ValueError(f'--device {device} is no device: give cpu, cuda or cuda:N.') from None
    if wanted.type == 'cuda' and (wanted.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f'--device {device}: torch sees {torch.cuda.device_count()} CUDA devices here.'
        )


def build(args: argparse.Namespace) -> 'ActionCLIPPredictor':
    sys.path.append(str(ROOT))  # a checkout that was not installed
    import actionclip_mm

    actionclip_mm.register_all()
    from actionclip_mm.apis import ActionCLIPPredictor

    labels = args.labels or args.labels_file
    common = dict(device=args.device, batch_size=args.batch_size)
    if args.config:
        common.update(labels=labels, templates=args.templates)
        return ActionCLIPPredictor.from_config(args.config, args.checkpoint, **common)
    given = {name: getattr(args, name) for name in ('templates', 'num_frames', 'num_clips')}
    return ActionCLIPPredictor.from_clip(
        labels,
        arch=args.arch or 'ViT-B-16',
        pretrained=pretrained(args),
        **{name: value for name, value in given.items() if value is not None},
        **common,
    )


def expanded(videos: Sequence[str]) -> list[str]:
    from actionclip_mm.apis.folders import expand_folders

    return expand_folders(videos)


def pretrained(args: argparse.Namespace) -> str | None:
    if args.random_weights or (args.arch or '').startswith(OWN_WEIGHTS):
        return args.pretrained
    return args.pretrained or 'openai'


def answer(
    predictor: 'ActionCLIPPredictor',
    args: argparse.Namespace,
    out: TextIO,
    answers: list['Prediction'],
) -> None:
    """Prints the table or the error of each video as soon as it is known, and keeps the answer."""
    from actionclip_mm.utils import printable

    progress = Progress(len(args.videos), sys.stderr)
    progress.show(0)
    for answer in predictor.stream(args.videos):
        answers.append(answer)
        progress.clear()
        if answer.error is not None:
            print(f'error: {printable(answer.error)}', file=sys.stderr, flush=True)
        elif args.json != '-':
            print(table(answer, args.topk), file=out, flush=True)
        progress.show(len(answers))


def weights_of(args: argparse.Namespace) -> str:
    """What the answers were computed with."""
    return 'random' if args.random_weights else args.checkpoint or pretrained(args) or args.arch


def keep(answers: list['Prediction'], args: argparse.Namespace, out: TextIO) -> str:
    """Write the answers of a run that was stopped to a file of their own; says where they are."""
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
    """Runs the tool; returns 0 or 1, and leaves with SystemExit 2 where the call is wrong."""
    parser = make_parser()
    args = parser.parse_args(argv)
    out = sys.stdout
    answers: list[Prediction] = []
    try:
        check_combinations(args)
        check_files(args)
        if args.max_pixels:
            os.environ['ACTIONCLIP_MAX_PIXELS'] = str(args.max_pixels)
        with without_host_noise():
            check_device(args.device)
            with hosts_log_warnings_only():
                predictor = build(args)
                args.videos = expanded(args.videos)
                if args.random_weights:
                    print(RANDOM_NOTICE, file=sys.stderr if args.json == '-' else out, flush=True)
                try:
                    answer(predictor, args, out, answers)
                except Exception:  # one bad batch must not cost the answers before it
                    if answers:
                        print(keep(answers, args, out), file=sys.stderr)
                    raise
        if args.json:
            write_answers(args.json, content_of(answers, args.topk, weights_of(args)), out)
    except KeyboardInterrupt as stop:
        raise type(stop)(keep(answers, args, out)) from None
    except KeyError as error:  # its text would be quoted
        parser.error(str(error.args[0]))
    except ImportError as error:
        if error.name:  # not a sentence of ours about the installation
            raise
        parser.error(str(error))
    except (ValueError, TypeError, OSError) as error:
        parser.error(str(error))
    return 1 if any(answer.error is not None for answer in answers) else 0


if __name__ == '__main__':
    run_tool(main)
