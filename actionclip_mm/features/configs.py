"""Edit a config so that it trains on the features of its frozen image tower.

After its ``_base_``::

    _base_ = 'actionclip_mm::ablations/table5_frozen_image.py'
    from actionclip_mm.features.configs import use_frame_features
    use_frame_features(_base_, 'features/k400')
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

SPLITS = ('train', 'val', 'test')
WRAPPED = 'data set of {}_dataloader is a {}: give the data set that reads videos itself.'


def use_frame_features(config: Any, folder: str) -> None:
    """Read frame features instead of videos in a config, in place.

    The tower stays in the model, so that checkpoints hold it and can be tested on videos; it is not
    run. Its weights are compared with those that the features were made with.

    Args:
        config: A config with a frozen ``CLIPImageEncoder``, or ``_base_`` within one.
        folder: What ``actionclip cache-features`` wrote for it.

    Raises:
        ValueError: The tower learns, or a data set cannot be changed.
    """
    check_frozen(config)
    for split, (first, loader) in list(split_loaders(config)):
        dataset = loader['dataset']
        pipeline = [dict(step) for step in dataset['pipeline']]
        prefixes = list((dataset.get('data_prefix') or {}).values())
        load = dict(
            type='LoadFrameFeatures',
            folder=str(Path(folder) / first),
            pipeline=pipeline,
            prefix=prefixes[0] if len(prefixes) == 1 else '',
        )
        packing = next(step for step in reversed(pipeline) if step['type'] == 'PackActionInputs')
        dataset['pipeline'] = [load, packing]
        loader.update(num_workers=0, persistent_workers=False)
        loader.pop('prefetch_factor', None)
        config[f'{split}_dataloader'] = loader
    model = config['model']
    model['backbone']['frame_features'] = str(folder)
    # features have no pixel mean and std
    model['data_preprocessor'] = {**(model.get('data_preprocessor') or {}), 'mean': None}
    model['data_preprocessor']['std'] = None


def split_loaders(config: Any) -> Iterator[tuple[str, tuple[str, Any]]]:
    """Splits of a config, each with the first split that has the same data set, and its loader.

    Validation and test are often one, whose features are made once.
    """
    seen: list[tuple[str, Any]] = []
    for split in SPLITS:
        loader = config.get(f'{split}_dataloader')
        if not loader:
            continue
        dataset = loader['dataset']
        if 'pipeline' not in dataset:
            raise ValueError(f'The {WRAPPED.format(split, dataset.get("type"))}')
        copy = _plain(dataset)
        first = next((name for name, other in seen if other == copy), split)
        if first == split:
            seen.append((split, copy))
        yield split, (first, loader)


def check_frozen(config: Any) -> None:
    """Refuse a config whose image tower learns, since features of it would soon be of the past.

    Raises:
        ValueError: The tower is not frozen, or the model has no ``CLIPImageEncoder``.
    """
    backbone = (config.get('model') or {}).get('backbone') or {}
    if backbone.get('type') != 'CLIPImageEncoder':
        raise ValueError(
            'Frame features are those of a CLIPImageEncoder, got model.backbone.type='
            f'{backbone.get("type")!r}: give a config with one.'
        )
    if backbone.get('frozen_stages') != 'all':
        raise ValueError(
            "Frame features need a frozen image tower: set model.backbone.frozen_stages='all', "
            f'got {backbone.get("frozen_stages", -1)!r}.'
        )


def _plain(value: Any) -> Any:
    return value.to_dict() if hasattr(value, 'to_dict') else value
