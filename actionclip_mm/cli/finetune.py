"""Fine-tune on your own videos: from a folder or a table to a model and its report.

    actionclip finetune CLIPS                 a folder with one folder per class
    actionclip finetune clips.csv             columns path, label and, optionally, split
    actionclip finetune CLIPS --dry-run       show data, memory, steps and time, and train nothing

Writes work_dirs/NAME: lists, a config that runs from any folder, best.pth, report/report.html.
Folders train, val and test with class folders inside are splits. Clips cut from one recording are
kept on one side if their names say so (docs/own_data.md). Below 1,000 training clips the text tower
is frozen and the visual prompt starts as the mean of the frames.
"""

import argparse
import shlex
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from ..finetuning.recipe import NECKS
from ._arguments import Parser, make_parser, positive


def parser_of_finetune() -> Parser:
    """All options."""
    parser = make_parser('finetune', __doc__)
    add = parser.add_argument
    add('source', type=Path, metavar='SOURCE', help='folder, or .csv, .tsv, .json, .jsonl file')
    add('--out', type=Path, help='run folder (default: work_dirs/NAME of SOURCE)')
    add('--dry-run', action='store_true', help='stop before the training')
    add('--resume', action='store_true', help='go on with the run in --out')
    data = parser.add_argument_group('data')
    data.add_argument('--val-ratio', type=ratio, default=0.2, metavar='R',
        help='share of each class for validation (default: 0.2)')  # fmt: skip
    data.add_argument('--seed', type=int, default=0, help='of split and training (default: 0)')
    data.add_argument('--workers', type=positive, help='processes that decode (default: by cores)')
    model = parser.add_argument_group('model')
    model.add_argument('--arch', default='ViT-B-16',
        help='open_clip model name, local-dir:FOLDER, or mini, the shipped mini CLIP for a first\n'
        'try (default: ViT-B-16)')  # fmt: skip
    model.add_argument('--pretrained', help='open_clip tag or weight file (default: openai)')
    model.add_argument('--neck', choices=list(NECKS), default='transf',
        help='visual prompt (default: transf)')  # fmt: skip
    model.add_argument('--templates', metavar='PRESET|FILE', help='default: actionclip16')
    model.add_argument('--frames', type=positive, default=8, help='per clip (default: 8)')
    training = parser.add_argument_group('training')
    training.add_argument('--epochs', type=positive, help='default: by the number of clips')
    training.add_argument('--batch-size', type=positive, help='default: 16 on a GPU, 8 on a CPU')
    training.add_argument('--lr', type=rate, help="of CLIP's weights (default: 5e-6, mini: 2e-4)")
    training.add_argument('--small-data', action=argparse.BooleanOptionalAction,
        help='recipe for small data (default: below 1,000 training clips)')  # fmt: skip
    training.add_argument('--device', type=device, default='auto',
        help='auto (a GPU if there is one, default), cpu, cuda, cuda:1, ...')  # fmt: skip
    training.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE',
        help='as in actionclip train')  # fmt: skip
    return parser


def ratio(text: str) -> float:
    """Argument type: a share in (0, 1)."""
    return _number(text, 0, 1)


def rate(text: str) -> float:
    """Argument type: a learning rate."""
    return _number(text, 0, 10)


def device(text: str) -> str:
    """Argument type: auto, cpu, cuda or cuda:N."""
    kind, _, number = text.partition(':')
    if text not in ('auto', 'cpu', 'cuda') and not (kind == 'cuda' and number.isdecimal()):
        raise argparse.ArgumentTypeError(f'must be auto, cpu, cuda or cuda:N, got {text}')
    return text


def _number(text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = low
    if not low < value < high:
        raise argparse.ArgumentTypeError(f'must be a number between {low} and {high}, got {text}')
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """Fine-tune; returns 0."""
    parser = parser_of_finetune()
    args = parser.parse_args(argv)
    wrong = [option for option in args.cfg_options if '=' not in option]
    if wrong:
        parser.error(f'--cfg-options must be KEY=VALUE, got {wrong[0]}')
    given = vars(args)
    out = given.pop('out') or Path('work_dirs') / args.source.resolve().with_suffix('').name
    dry_run, resume = given.pop('dry_run'), given.pop('resume')
    options = dict(small=given.pop('small_data'), cfg_options=tuple(given.pop('cfg_options')))
    with parser.wrong_calls():
        from ..finetuning.run import Settings, finetune

        if not sys.warnoptions:
            warnings.simplefilter('ignore')

        try:
            finetune(Settings(out=out, **options, **given), dry_run, resume)
        except RuntimeError as error:  # of the trial or the training, a sentence already
            parser.exit(1, f'{parser.prog}: error: {error}\n')
        except KeyboardInterrupt as stop:
            raise type(stop)(_kept(list(argv or []), out)) from None
    return 0


def _kept(argv: list[str], out: Path) -> str:
    """What an interrupted run leaves, and how to go on."""
    command = ['actionclip', 'finetune', *argv, *(['--resume'] * ('--resume' not in argv))]
    return f"finished epochs are kept in '{out}'; to go on: {shlex.join(command)}"
