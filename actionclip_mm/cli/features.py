"""Write embeddings of videos, for `actionclip search` and for other programs.

    actionclip features clips/ --out features/clips
    actionclip features @list.txt --out features/long --window 4 --stride 2 --checkpoint CKPT.pth

Each video, or each span of --window seconds of it, gets one normalised embedding: the mean over the
views of the test pipeline. Run the same call again after an interruption; under torchrun, or with
--shard 0/4 to 3/4, several processes share the work. docs/search.md describes the files.

Exit code: 0 all videos are done, 1 some cannot be read (they are listed), 2 the call is wrong.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ..utils import check_writable, write_bytes, write_json
from ._answers import Progress, hosts_log_warnings_only, without_host_noise
from ._arguments import Parser, make_parser, positive, seconds
from ._model_reference import open_model, write_reference
from ._predict_arguments import add_model_options, check_model_options, count
from ._shards import KEPT, add_shard_options, part_of, print_failed
from ._video_lists import add_videos, check_videos, read_lists

if TYPE_CHECKING:
    from ..apis import ActionCLIPInferencer
    from ..features import FeatureWriter

kept = KEPT


def parser_of_features() -> Parser:
    """All options of ``actionclip features``."""
    parser = make_parser('features', __doc__)
    add_videos(parser)
    add = parser.add_argument
    add('--out', type=Path, required=True, help='folder of the embeddings')
    add('--window', type=seconds, metavar='S', help='embed spans of S seconds, not whole videos')
    add('--stride', type=seconds, metavar='S', help='seconds between spans (default: --window)')
    add('--npy', type=Path, metavar='FILE', help='also write all as FILE.npy and names as .json')
    add('--dtype', choices=('fp32', 'fp16'), default='fp32', help='of the files (default: fp32)')
    add_shard_options(parser)
    add('--batch-size', type=positive, default=8, help='videos computed at once (default: 8)')
    add(
        '--workers',
        type=count,
        metavar='N',
        help='threads that decode, 0 for none (default: one per processor, at most 4)',
    )
    add('--device', default='auto', help='auto (a GPU if there is one, default), cpu, cuda:1, ...')
    add(
        '--precision',
        choices=('fp32', 'bf16'),
        default='fp32',
        help='bf16 is faster on processors that compute in it (default: fp32)',
    )
    add_model_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the embeddings; returns 0, or 1 if some videos could not be read."""
    parser = parser_of_features()
    args = parser.parse_args(argv)
    out = sys.stdout
    with parser.wrong_calls():
        check_model_options(args)
        if args.stride and not args.window:
            raise ValueError('--stride needs --window.')
        if args.npy:
            if args.npy.suffix != '.npy':
                raise ValueError(f"--npy must end with .npy, got '{args.npy}'.")
            check_writable(args.npy)
        read_lists(args)
        check_videos(args.videos)
        from .predict import check_device

        with without_host_noise():
            check_device(args.device)
            with hosts_log_warnings_only():
                return run(args, out)


def run(args: argparse.Namespace, out: TextIO) -> int:
    """Build the model, write the shards of this process, and say what is there."""
    inferencer = open_model(args)
    if not inferencer.matcher.has_texts:
        head = type(inferencer.model.cls_head).__name__
        raise ValueError(f'{head} compares no texts: use a model with a VideoTextHead.')
    from ..features.videos import list_sources, name_of, with_spans, write_features
    from .predict import expanded

    sources = list_sources(expanded(args.videos), args.window, args.stride, args.workers)
    writer = _writer(args, inferencer, [name_of(source) for source in sources])
    write_reference(args.out, args)
    read = inferencer.read
    if args.window:
        read = type(read)(with_spans(read.pipeline))
    progress, done = Progress(len(sources), sys.stderr), 0

    def show(written: int) -> None:
        nonlocal done
        done += written
        progress.show(done)

    write_features(
        writer, sources, read, inferencer.matcher.encode_videos, _width(inferencer), part_of(args),
        args.batch_size, args.workers, show,
    )  # fmt: skip
    return _report(args, writer, out)


def _writer(
    args: argparse.Namespace, inferencer: 'ActionCLIPInferencer', names: list[str]
) -> 'FeatureWriter':
    from ..features import FeatureWriter
    from ..features.keys import model_key, pipeline_key

    key: dict[str, Any] = dict(
        model=model_key(inferencer.model, args.precision),
        pipeline=pipeline_key(inferencer.read.pipeline),
        window=args.window,
        stride=args.window and (args.stride or args.window),
    )
    return FeatureWriter(args.out, names, key, args.dtype, args.shard_size)


def _width(inferencer: 'ActionCLIPInferencer') -> int:
    """D, the width of the embeddings that videos share with texts."""
    return inferencer.encode_text(['a video'], 'label_only').shape[1]


def _report(args: argparse.Namespace, writer: 'FeatureWriter', out: TextIO) -> int:
    from ..features import FeatureStore

    missing = writer.pending()
    if missing:
        print(f'{args.out}: {len(missing)} shards are left to the other processes', file=out)
        return 0
    store = FeatureStore(args.out)
    what = 'spans' if args.window else 'videos'
    good = len(store) - len(store.failed)
    print(f'{args.out}: {good} {what} of {store.shape[0]} values, {args.dtype}', file=out)
    print_failed(store.failed, out=out)
    if args.npy:
        _write_npy(args.npy, store)
    return 1 if store.failed else 0


def _write_npy(path: Path, store: Any) -> None:
    """Write the embeddings [N, D] of the readable videos, and their names as JSON."""
    import io

    import numpy as np

    names, features = store.matrix()
    content = io.BytesIO()
    np.save(content, features.numpy(), allow_pickle=False)
    write_bytes(path, content.getvalue())
    write_json(path.with_suffix('.json'), names)
