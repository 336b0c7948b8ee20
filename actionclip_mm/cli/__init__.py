"""The ``actionclip`` command: one module per subcommand, imported when it is called."""

import difflib
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from ..version import __version__
from ._arguments import WRONG_CALL
from ._ending import NOTHING_HALF, run_and_exit

COMMANDS = {
    'predict': 'label videos: zero-shot with CLIP weights, or with a trained model',
    'timeline': 'label a long video, a camera or a stream over time',
    'features': 'write embeddings of videos, or of spans of them, for search (resumable shards)',
    'search': 'find videos by a sentence, among the embeddings of actionclip features',
    'serve': 'label clips on a page in the browser (Gradio)',
    'train': "train a recognizer from a config (mmaction2's tools/train.py, same options)",
    'test': "test a recognizer from a config (mmaction2's tools/test.py, same options)",
    'finetune': 'train on your own videos: from a folder or a CSV file to a model and its report',
    'report': 'report on a run: curves, confusions, worst videos, calibration (HTML, markdown)',
    'protocol': 'measure a model under a named protocol and write a result card',
    'prepare': "write a data set's annotation lists from its official files",
    'check-videos': 'decode the videos of a list and write a list of the readable ones',
    'pack': 'encode videos again, small and with many key frames, for fast training',
    'cache-features': 'write the features of a frozen image tower, for training that skips it',
    'convert': 'convert CLIP and ActionCLIP weights of other libraries to a checkpoint and config',
    'export': 'export a model: folder, ONNX, torch.export, safetensors, text bank, open_clip',
    'models': 'list CLIP towers and ActionCLIP weights: addresses, licences, what is cached',
    'prompts': 'show the sentences that labels and templates make, with their tokens',
    'host': "run another of mmaction2's own tools on this package's configs",
    'demo': 'generate the mini benchmark, fine-tune, test and report on it',
    'benchmark': 'measure time and memory of options of a config',
    'doctor': 'check the installation: versions, decoders, weights, GPU, disk',
}


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one subcommand and exit with its code.

    Args:
        argv: Subcommand and its arguments; those of the process by default.
    """
    name, *rest = list(sys.argv[1:] if argv is None else argv) or ['']
    if name in ('-h', '--help', ''):
        print(usage())
        sys.exit(0 if name else WRONG_CALL)
    if name == '--version':
        print(f'actionclip_mm {__version__}')
        sys.exit(0)
    if name not in COMMANDS:
        close = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f'did you mean {close[0]}?' if close else 'see actionclip --help.'
        print(f'actionclip: error: unknown command {name!r}: {hint}', file=sys.stderr)
        sys.exit(WRONG_CALL)
    command = import_module(f'{__name__}.{name.replace("-", "_")}')
    run_and_exit(lambda: command.main(rest), kept=getattr(command, 'kept', NOTHING_HALF))


def usage() -> str:
    """The help text."""
    rows = [f'  {name:<16}{text}' for name, text in COMMANDS.items()]
    head = 'usage: actionclip COMMAND [arguments]\n\nActionCLIP on mmaction2.\n\ncommands:'
    tail = '\nactionclip COMMAND --help shows the options of a command.'
    return '\n'.join([head, *rows, tail])
