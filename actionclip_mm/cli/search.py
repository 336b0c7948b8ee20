"""Find videos by sentences, among the embeddings of `actionclip features`.

    actionclip search features/clips "a person flips a pancake" "someone opens a door" --topk 5

Exact cosine search. The sentences are encoded with the model that the embeddings were made with,
which the folder names; another model is refused. Exit code: 0 done, 2 the call is wrong.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

from ..utils import check_writable, printable, to_json, write_json
from ._answers import hosts_log_warnings_only, without_host_noise
from ._arguments import Parser, existing_folder, make_parser, positive
from ._model_reference import is_given, open_model, read_reference
from ._predict_arguments import add_model_options, check_model_options

if TYPE_CHECKING:
    from ..features import Hit


def parser_of_search() -> Parser:
    """All options of ``actionclip search``."""
    parser = make_parser('search', __doc__)
    add = parser.add_argument
    add('folder', type=existing_folder, metavar='DIR', help='what actionclip features wrote')
    add('queries', nargs='+', metavar='SENTENCE', help='what the videos should show')
    add('--topk', type=positive, default=10, help='videos per sentence (default: 10)')
    add(
        '--templates',
        default='label_only',
        metavar='PRESET|FILE',
        help='prompt templates of the sentences (default: label_only, as they are)',
    )
    add('--json', metavar='FILE', help='also write the results as JSON; - prints JSON only')
    add(
        '--index',
        default='exact',
        metavar='KIND',
        help='exact (default), faiss (a flat index, the same results) or faiss:FACTORY,\n'
        'such as faiss:HNSW32; FAISS is the extra [search]',
    )
    add('--device', default='auto', help='of the text tower: auto (default), cpu, cuda:1, ...')
    add_model_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Print or write the results; returns 0."""
    parser = parser_of_search()
    args = parser.parse_args(argv)
    out = sys.stdout
    with parser.wrong_calls():
        check_model_options(args)
        if args.index.split(':')[0] not in ('exact', 'faiss'):
            raise ValueError(f'--index must be exact, faiss or faiss:FACTORY, got {args.index}.')
        if args.json and args.json != '-':
            check_writable(args.json)
        from .predict import check_device

        with without_host_noise():
            check_device(args.device)
            with hosts_log_warnings_only():
                results = run(args)
        if args.json != '-':
            print_results(results, out)
        if args.json:
            write_results(args.json, results, out)
    return 0


def run(args: argparse.Namespace) -> 'dict[str, list[Hit]]':
    """Sentence -> its videos."""
    from .. import register_all
    from ..compat import lazy_packages

    lazy_packages.want()
    register_all()
    from ..features import FeatureIndex
    from ..features.keys import check_model

    queries = list(dict.fromkeys(args.queries))
    index = FeatureIndex(args.folder, args.index)
    reference: dict[str, Any] = {} if is_given(args) else read_reference(args.folder)
    reference['precision'] = index.key['model'].get('precision', 'fp32')
    inferencer = open_model(args, **reference)
    check_model(index.key, inferencer.model, reference['precision'])
    texts = inferencer.encode_text(queries, args.templates)  # [Q, D]
    return dict(zip(queries, index.search(texts, args.topk), strict=True))


def print_results(results: 'dict[str, list[Hit]]', out: TextIO) -> None:
    """Print a table per sentence: rank, cosine, video and the span of it."""
    for query, hits in results.items():
        print(printable(query), file=out)
        for rank, hit in enumerate(hits, 1):
            span = '' if hit.start is None else f'  {hit.start:g}-{hit.end:g} s'
            print(f'  {rank:3}  {hit.score:.4f}  {printable(hit.video)}{span}', file=out)


def write_results(target: str, results: 'dict[str, list[Hit]]', out: TextIO) -> None:
    """Write the results as JSON to a file, or to ``out`` for ``-``."""
    content = []
    for query, hits in results.items():
        entries = [
            {name: value for name, value in vars(hit).items() if value is not None} for hit in hits
        ]
        content.append(dict(query=query, hits=entries))
    if target == '-':
        print(to_json(dict(queries=content), indent=2), file=out, flush=True)
    else:
        write_json(target, dict(queries=content), indent=2)
