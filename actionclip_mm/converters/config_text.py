"""The config of converted weights as text.

It has no bases, so it works from any folder and with mmaction2's own tools, which know no
``actionclip_mm::`` before it is imported.
"""

from keyword import iskeyword
from typing import Any

from ..datasets.transforms import resize_and_crop
from ..utils import in_docstring, literal
from .architecture import model_config
from .convert import SOURCES, Converted
from .origins import origins, splits_names

LINE = 100
DEFAULT_FRAMES = 8

_HEADER = '''"""{title} as a recognizer of actionclip_mm.

    actionclip test {config} {in_command}

Set `labels` (class names in the order of the ids), `ann_file` (lines "video id") and `data_root`.
Expected numbers: not measured.

What weights do not carry, and where it is from:
{origins}
"""

custom_imports = dict(
    imports=['actionclip_mm', 'actionclip_mm.compat.at_run'], allow_failed_imports=False
)
default_scope = 'mmaction'
default_hooks = dict(
    visualization=dict(type='VideoVisualizationHook'),
    check_weights=dict(type='CheckWeightsHook', allow_partial={partial}),
)
visualizer = dict(type='ActionVisualizer', vis_backends=[dict(type='LocalVisBackend')])
load_from = {checkpoint}  # for training that starts from these weights

labels = {labels}
templates = {templates}
split_names = {split_names}  # whether ApplyEyeMakeup fills the templates as "apply eye makeup"
ann_file = 'data/test.txt'
data_root = 'data/videos'
num_frames = {frames}

arch = {arch}
'''

_REST = """
test_pipeline = [
    dict(type='VideoInit'),
    dict(type='SegmentCentreSample', clip_len=num_frames),
    dict(type='VideoDecode'),
{resize_and_crop}    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
# 10 clips x 3 crops, for the protocols whose names end in 10x3
multi_view_pipeline = [
    dict(type='VideoInit'),
    dict(type='SegmentCentreSample', clip_len=num_frames, num_clips=10),
    dict(type='VideoDecode'),
    {resize},
    dict(type='ThreeCrop', crop_size={crop}),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
test_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='RobustVideoDataset',
        ann_file=ann_file,
        data_prefix=dict(video=data_root),
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_evaluator = dict(type='CompleteEvaluator', metrics=[dict(type='AccMetric')])
test_cfg = dict(type='TestLoop')
"""


def write_config_text(
    converted: Converted,
    title: str,
    config: str,
    checkpoint: str,
    labels: str = 'labels.txt',
    templates: str = 'actionclip16',
    num_frames: int | None = None,
    split_names: bool | None = None,
) -> str:
    """The config of a converted model.

    Args:
        converted: The model.
        title: What it was made from, for the docstring.
        config: Path of the config itself, for the command in its docstring.
        checkpoint: Path of the converted weights.
        labels: Path of a label file.
        templates: Preset or file of templates.
        num_frames: T; None for that of the weights, or 8.
        split_names: Whether joined class names are split into words; None for the way of the code
            that trained the weights.

    Raises:
        ValueError: ``num_frames`` that the visual prompt cannot take, or a key of the architecture
            that is not a valid name.
    """
    frames = _num_frames(converted, num_frames)
    source = SOURCES[converted.source].title
    split_names = splits_names(converted.source) if split_names is None else split_names
    settings = origins(converted, frames, num_frames is not None, templates, split_names)
    header = _HEADER.format(
        title=in_docstring(f'{title} ({source})'),
        config=in_docstring(config),
        in_command=in_docstring(checkpoint),
        checkpoint=literal(checkpoint),
        labels=literal(labels),
        templates=literal(templates),
        frames=frames,
        origins=in_docstring('\n'.join(f'    {k:16} {v}' for k, v in settings.items())),
        split_names=split_names,
        arch=as_code(converted.arch),
        partial=bool(converted.missing),
    )
    size = model_config(converted.arch)['vision_cfg'].get('image_size', 224)
    height, width = (size, size) if isinstance(size, int) else size
    hints = converted.hints
    steps = resize_and_crop(
        (height, width), hints.interpolation or 'bicubic', hints.resize_mode or 'shortest'
    )
    resize = {key: steps[0][key] for key in ('type', 'interpolation') if key in steps[0]}
    return (
        header
        + f'model = {as_code(recognizer_config(converted))}\n'
        + _REST.format(
            resize_and_crop=''.join(f'    {as_code(step)},\n' for step in steps),
            resize=as_code(resize | dict(scale=(-1, max(height, width)))),
            crop=height if height == width else (width, height),
        )
    )


def recognizer_config(converted: Converted) -> dict[str, Any]:
    """The ``model`` of the config, which refers to its variables ``arch``, ``labels``, ….

    The weights of the checkpoint are all there is, so nothing is ``pretrained``.
    """
    model: dict[str, Any] = dict(
        type='CLIPRecognizer',
        backbone=dict(
            type='CLIPImageEncoder', arch=Code('arch'), visual_prompt=converted.prompt.inside
        ),
        neck=converted.prompt.neck,
        cls_head=dict(
            type='VideoTextHead',
            label_encoder=dict(
                type='TextPromptLabelEncoder',
                labels=Code('labels'),
                templates=Code('templates'),
                split_names=Code('split_names'),
            ),
            loss_cls=dict(type='VideoTextKLLoss'),
            average_clips='prob',
        ),
    )
    if converted.hints.tokenizer is not None:
        model['cls_head']['label_encoder']['tokenizer'] = converted.hints.tokenizer
    if converted.hints.mean is not None and converted.hints.std is not None:
        model['data_preprocessor'] = dict(
            type='ActionDataPreprocessor',
            mean=[round(value, 6) for value in converted.hints.mean],
            std=[round(value, 6) for value in converted.hints.std],
            format_shape='NCTHW',
        )
    return model


class Code(str):
    """Text that is code already, such as the name of a variable."""


def as_code(value: Any, indent: int = 0) -> str:
    """Python code of plain values, with ``dict(...)`` and line breaks as configs have them.

    Raises:
        ValueError: A key that is not a valid name.
    """
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, dict):
        items = [f'{_name(key)}={as_code(item, indent + 4)}' for key, item in value.items()]
        opening, closing = 'dict(', ')'
    elif isinstance(value, tuple):  # transforms tell a size from a list
        items = [as_code(item, indent + 4) for item in value]
        return f'({items[0]},)' if len(items) == 1 else f'({", ".join(items)})'
    elif isinstance(value, list):
        items = [as_code(item, indent + 4) for item in value]
        opening, closing = '[', ']'
    else:
        return literal(value)
    line = f'{opening}{", ".join(items)}{closing}'
    if '\n' not in line and indent + len(line) + 24 <= LINE:  # room for the key before it
        return line
    pad = ' ' * (indent + 4)
    return f'{opening}\n' + ''.join(f'{pad}{item},\n' for item in items) + ' ' * indent + closing


def _name(key: str) -> str:
    """A key that is a plain name: one from a downloaded file could be code."""
    if not key.isidentifier() or iskeyword(key):
        raise ValueError(f'{key!r} cannot be the name of a setting: correct the config it is from.')
    return key


def _num_frames(converted: Converted, wanted: int | None) -> int:
    known = converted.prompt.num_frames
    if wanted is None:
        return known or DEFAULT_FRAMES
    if known is not None and wanted != known:
        raise ValueError(
            f'--frames {wanted} was given but the visual prompt has weights for {known} frames: '
            'omit --frames.'
        )
    most = converted.prompt.neck.get('num_positions', wanted)
    if not 1 <= wanted <= most:
        rows = f', at most the {most} rows of the position table' if wanted > most else ''
        raise ValueError(f'--frames must be a positive integer{rows}, got {wanted}.')
    return wanted
