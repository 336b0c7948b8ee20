"""Write the features of a frozen image tower, so that training need not compute them again.

    actionclip cache-features CONFIG --out features/k400 --views 8

CONFIG has backbone.frozen_stages='all'. Each training video gets --views augmented views, which
training takes in turn; validation and test videos get the views of their pipeline. Train with
use_frame_features (docs/frame_features.md). Run the same call again after an interruption; under
torchrun, or with --shard 0/4 to 3/4, several processes share the work.

Exit code: 0 all videos are done, 1 some cannot be read (they are listed), 2 the call is wrong.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..utils import read_config
from ._arguments import existing_file, make_parser, positive
from ._shards import KEPT, add_shard_options, part_of, print_failed

PRECISIONS = ('fp16', 'bf16', 'fp32')
SPLITS = ('train', 'val', 'test')

kept = KEPT


def main(argv: Sequence[str] | None = None) -> int:
    """Check the call, write the features and return the exit code."""
    parser = make_parser('cache-features', __doc__)
    add = parser.add_argument
    add('config', type=existing_file, help='training config with a frozen image tower')
    add('checkpoint', nargs='?', help="weights of the model; default: the config's")
    add('--out', type=Path, required=True, help='folder of the features')
    add('--views', type=positive, default=8, help='augmented views of a training video (default 8)')
    add('--splits', nargs='+', default=SPLITS, choices=SPLITS, help='default: all')
    add('--precision', default='fp16', choices=PRECISIONS, help='of the files (default fp16)')
    add('--seed', type=int, help="of the augmentation; default: the config's, or 0")
    add_shard_options(parser)
    add('--batch-size', type=positive, default=16, help='clips encoded at once (default 16)')
    add('--workers', type=int, default=2, help='processes that decode (default 2)')
    args = parser.parse_args(argv)
    with parser.wrong_calls():
        return cache(args)


def cache(args: argparse.Namespace) -> int:
    """Write the features of each split; see :func:`main`."""
    from .. import register_all

    register_all()
    from ..features.configs import check_frozen, split_loaders

    config = read_config(args.config)
    check_frozen(config)
    loaders = {
        split: loader
        for split, (first, loader) in split_loaders(config)
        if split in args.splits and first == split
    }
    from mmengine.registry import init_default_scope

    from ..compat import at_run  # noqa: F401  applies what a run needs
    from ..features.extraction import frame_features_of
    from ..features.keys import tower_key
    from ..utils.devices import device_of_rank

    init_default_scope(config.get('default_scope', 'mmaction'))
    recognizer = _build(config, args.checkpoint)
    tower = tower_key(recognizer.backbone)
    encode = frame_features_of(recognizer, device_of_rank())
    bad = {
        split: _cache_split(split, loader['dataset'], tower, encode, config, args)
        for split, loader in loaders.items()
    }
    for split, failed in bad.items():
        print_failed(failed, split)
    return 1 if any(bad.values()) else 0


def _cache_split(
    split: str, dataset_cfg: Any, tower: dict, encode: Any, config: Any, args: argparse.Namespace
) -> dict[str, str]:
    """Write one split and return its unreadable videos."""
    from mmaction.registry import DATASETS

    from ..features import FeatureStore, FeatureWriter
    from ..features.extraction import extract, names_of
    from ..features.keys import pipeline_key

    dataset = DATASETS.build(dataset_cfg)
    views = args.views if split == 'train' else 1
    seed = args.seed
    if seed is None:
        seed = (config.get('randomness') or {}).get('seed') or 0
    pipeline = pipeline_key(dataset_cfg['pipeline'])
    key = dict(tower=tower, pipeline=pipeline, views=views, seed=seed)
    folder = args.out / split
    names = list(names_of(dataset))
    writer = FeatureWriter(folder, names, key, args.precision, args.shard_size)
    extract(
        dataset, writer, encode, views, part_of(args), seed, args.batch_size,
        args.workers, f'{split}: encoding {views * len(names)} clips',
    )  # fmt: skip
    missing = writer.pending()
    if missing:
        print(f'{folder}: {len(missing)} shards are left to the other processes')
        return {}
    store = FeatureStore(folder)
    print(f'{folder}: {len(store)} videos of {store.shape} {args.precision}')
    return store.failed


def _build(config: Any, checkpoint: str | None) -> Any:
    from mmaction.registry import MODELS

    from ..apis.building import build_trained, load_strictly

    checkpoint = checkpoint or config.get('load_from')
    if checkpoint and config.get('load_from') != checkpoint:
        return build_trained(config, checkpoint)
    recognizer = MODELS.build(config.model)
    if checkpoint:
        load_strictly(recognizer, checkpoint)
    return recognizer
