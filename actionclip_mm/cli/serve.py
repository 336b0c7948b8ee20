"""Label clips on a page in the browser.

    actionclip serve                        # the shipped mini CLIP and its sample clips, offline
    actionclip serve --arch ViT-B-16        # zero-shot with CLIP weights
    actionclip serve --checkpoint CKPT.pth  # a trained model

The page is reachable from this machine only, unless --host says otherwise: it has no passwords.
Uploads are deleted once they are answered, and all of them when the page is stopped (Ctrl-C).
"""

import argparse
import socket
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..utils.carried_files import carried
from ..utils.label_names import read_labels
from ._answers import hosts_log_warnings_only, without_host_noise
from ._arguments import Parser, existing_file, make_parser, positive
from ._predict_arguments import MINI, add_model_options, check_model_options

if TYPE_CHECKING:
    from ..apis import ActionCLIPInferencer

NO_TEXTS = dict(labels=None, labels_file=None, templates=None)  # each question has its own

kept = 'the page is closed and its uploads are deleted.'


def parser_of_serve() -> Parser:
    """All options of ``actionclip serve``."""
    parser = make_parser('serve', __doc__)
    add = parser.add_argument
    add('--host', default='127.0.0.1', help='address to listen on (default: 127.0.0.1)')
    add('--port', type=port, default=7860, help='0 takes a free one (default: 7860)')
    labels = parser.add_mutually_exclusive_group()
    labels.add_argument('--labels', nargs='+', metavar='LABEL', help='labels the page opens with')
    labels.add_argument(
        '--labels-file', type=existing_file, metavar='FILE', help='.txt, .json, .csv'
    )
    add('--device', default='auto', help='auto (a GPU if there is one, default), cpu, cuda:1, ...')
    limits = parser.add_argument_group('limits')
    for name, default, text in (
        ('megabytes', 200, 'largest upload'),
        ('seconds', 600, 'longest video'),
        ('labels', 200, 'labels of a question'),
        ('templates', 100, 'templates of a question'),
        ('concurrency', 1, 'questions answered at once'),
        ('queue', 16, 'questions that wait; more are refused'),
        ('keep-minutes', 10, 'until an upload without a question is deleted'),
    ):
        option = f'--{name}' if name in ('concurrency', 'keep-minutes') else f'--max-{name}'
        limits.add_argument(
            option,
            type=positive,
            default=default,
            metavar='N',
            dest=f'limit_{name.replace("-", "_")}',
            help=f'{text} (default: {default})',
        )
    add_model_options(parser)
    parser.set_defaults(batch_size=1, random_weights=False)
    return parser


def samples() -> Path:
    """The folder of the shipped sample clips."""
    return carried('data/mini_clip/samples')


def port(text: str) -> int:
    """Argument type: a port number."""
    number = int(text) if text.isdecimal() else -1
    if not 0 <= number < 2**16:
        raise argparse.ArgumentTypeError(f'must be a port from 0 to 65535, got {text}')
    return number


def main(argv: Sequence[str] | None = None) -> None:
    """Serve the page until it is stopped."""
    parser = parser_of_serve()
    args = parser.parse_args(argv)
    with parser.wrong_calls():
        if not (args.arch or args.config or args.checkpoint):
            args.arch = MINI
        check_model_options(args)
        if args.labels or args.labels_file:
            read_labels(args.labels or str(args.labels_file), split_names=not args.config)
        if find_spec('gradio') is None:
            raise ImportError(
                "actionclip serve needs Gradio: pip install 'actionclip_mm[demo]', or pip install "
                "'gradio>=6.31,<7'."
            )
        serve(args)


def bind(host: str, port: int) -> socket.socket:
    """A socket of this address, before anything slow is done.

    Raises:
        OSError: The address is taken or is not one of this machine.
    """
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # else another process could still take the port
    except OSError as error:
        listener.close()
        raise OSError(
            f'{host}:{port} cannot be used ({error.strerror or error}): choose another --port, or '
            '--port 0 for a free one.'
        ) from error
    return listener


def serve(args: argparse.Namespace) -> None:
    """Build the model and the page."""
    limits = {name[6:]: value for name, value in vars(args).items() if name.startswith('limit_')}
    with bind(args.host, args.port) as listener:
        with without_host_noise(), hosts_log_warnings_only():
            from .predict import build, check_device

            check_device(args.device)
            inferencer = build(argparse.Namespace(**{**vars(args), **NO_TEXTS}))
            from ..serving import Limits, server
        server.serve(
            inferencer,
            listener,
            Limits(**limits),
            model=str(args.checkpoint or args.arch),
            labels=opening_labels(args, inferencer),
            samples=sorted(samples().glob('*.mp4')) if args.arch == MINI else (),
        )


def opening_labels(
    args: argparse.Namespace, inferencer: 'ActionCLIPInferencer'
) -> Sequence[str] | None:
    """Labels of the call, of the model, or of the sample clips."""
    given = args.labels or args.labels_file
    if not given and inferencer.labels:
        return inferencer.labels
    if not given and args.arch == MINI:
        given = samples() / 'labels.txt'
    return read_labels(given if isinstance(given, list) else str(given)) if given else None
