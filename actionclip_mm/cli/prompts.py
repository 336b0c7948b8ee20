"""Show the sentences that stand for each class, and mark those that the text tower cuts.

actionclip prompts --labels "arm wrestling" BrushHair --templates cloze
actionclip prompts --config configs/mini/actionclip_mini_transf.py
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..utils import read_config
from ..utils.label_names import read_labels
from ._arguments import existing_file, make_parser

if TYPE_CHECKING:
    from ..models.text import LearnableContext


def main(argv: list[str] | None = None) -> None:
    """Run ``actionclip prompts``."""
    parser = make_parser('prompts', __doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--labels', nargs='+', help='class names')
    source.add_argument('--labels-file', type=existing_file, help='file of class names')
    source.add_argument('--config', type=Path, help='config whose label encoder is shown')
    parser.add_argument('--templates', help='preset, text file, or JSON/YAML of descriptions')
    parser.add_argument('--arch', help='model whose tokenizer counts (default: ViT-B-16)')
    args = parser.parse_args(argv)
    with parser.wrong_calls():
        if args.config:
            encoder = _encoder_of(args.config)
        else:
            encoder = dict(labels=args.labels or str(args.labels_file))
            read_labels(encoder['labels'])
        for name in ('templates', 'arch'):
            if getattr(args, name) is not None:
                encoder[name] = getattr(args, name)
        show(encoder)


def _encoder_of(config: Path) -> dict:
    """The label encoder of a config, with the ``arch`` that it takes from the backbone."""
    model = read_config(config).get('model') or {}
    encoder = (model.get('cls_head') or {}).get('label_encoder')
    if encoder is None:
        raise ValueError(f"'{config}' has no model.cls_head.label_encoder.")
    backbone = model.get('backbone') or {}
    return dict(encoder, arch=encoder.get('arch') or backbone.get('arch'))


def show(encoder: dict) -> None:
    """Print one line per sentence of a label encoder."""
    from .. import register_all

    register_all()
    from ..clip import DEFAULT_ARCH, get_tokenizer
    from ..models.text import fill_prompts, read_prompts
    from ..models.text.tokens import count_tokens, read_as

    names = read_labels(encoder['labels'], encoder.get('split_names', True))
    sentences = fill_prompts(names, read_prompts(encoder.get('templates', 'actionclip16')))
    tokenizer = get_tokenizer(encoder.get('arch') or DEFAULT_ARCH, encoder.get('tokenizer'))
    length = tokenizer(['']).shape[1]
    if encoder.get('context') is not None:
        context = _build_context(encoder['context'], len(names), length)
        sentences = [[context.add_placeholders(line) for line in lines] for lines in sentences]
        print(f'{context.num_context} placeholders of learned vectors follow the start-of-text.')
    num_cut = 0
    for index, (name, lines) in enumerate(zip(names, sentences, strict=True)):
        print(f'{index} {name}')
        for line, row in zip(lines, tokenizer(lines), strict=True):
            count = count_tokens(tokenizer, line)
            print(f'    {"?" if count is None else count:>3} tokens  {line}')
            if count is not None and count > length:
                num_cut += 1
                print(f'    TOO LONG, is read as: {read_as(tokenizer, row)}')
    total = sum(len(lines) for lines in sentences)
    print(f'{len(names)} classes, {total} sentences, {num_cut} longer than {length} tokens.')


def _build_context(context: dict, num_classes: int, length: int) -> 'LearnableContext':
    """The learned context of a config, in a stub of the text tower: no vectors are needed."""
    from mmaction.registry import MODELS
    from torch import nn

    tower: Any = nn.Module()
    tower.token_embedding = nn.Embedding(1, 1)
    tower.context_length = length
    return MODELS.build(context, default_args=dict(text=tower, num_classes=num_classes))
