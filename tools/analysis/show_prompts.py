"""Prints the sentences that stand for each class, and marks those that the text tower must cut.

Usage: python tools/analysis/show_prompts.py --labels "arm wrestling" BrushHair --templates cloze
       python tools/analysis/show_prompts.py --config configs/mini/actionclip_mini_transf.py
"""

import argparse
import sys
from pathlib import Path

sys.path += map(str, Path(__file__).resolve().parents[1:3])  # of what is not installed

from _entry import run_tool

# isort: split
from mmaction.registry import MODELS
from mmengine.config import Config
from torch import nn

from actionclip_mm.clip import get_tokenizer
from actionclip_mm.models.text import LearnableContext, fill_prompts, read_labels, read_prompts
from actionclip_mm.models.text.tokens import count_tokens, read_as


def show(encoder: dict) -> int:
    """Prints one line per sentence of a label encoder; returns how many are too long."""
    names = read_labels(encoder['labels'], encoder.get('split_names', True))
    sentences = fill_prompts(names, read_prompts(encoder.get('templates', 'actionclip16')))
    tokenizer = get_tokenizer(encoder.get('arch', 'ViT-B-16'), encoder.get('tokenizer'))
    length = tokenizer(['']).shape[1]
    if encoder.get('context') is not None:
        context = build_context(encoder['context'], len(names), length)
        sentences = [[context.add_placeholders(line) for line in lines] for lines in sentences]
        print(f'Behind the start stand {context.num_context} placeholders of learned vectors.')
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
    return num_cut


def build_context(context: dict, num_classes: int, length: int) -> LearnableContext:
    """The learned context of a config, in a stand-in for the text tower: no vectors are needed."""
    tower = nn.Module()
    tower.token_embedding = nn.Embedding(1, 1)
    tower.context_length = length
    return MODELS.build(context, default_args=dict(text=tower, num_classes=num_classes))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--labels', nargs='+', help='class names')
    source.add_argument('--labels-file', help='file of class names')
    source.add_argument('--config', help='config whose label encoder is shown')
    parser.add_argument('--templates', help='preset, text file, or JSON/YAML of descriptions')
    parser.add_argument('--arch', help='whose tokenizer counts (default: ViT-B-16)')
    args = parser.parse_args(argv)
    try:
        if args.config:
            encoder = dict(Config.fromfile(args.config).model.cls_head.label_encoder)
        else:
            encoder = dict(labels=args.labels or args.labels_file)
        for name in ('templates', 'arch'):
            if getattr(args, name) is not None:
                encoder[name] = getattr(args, name)
        show(encoder)
    except (ValueError, TypeError, FileNotFoundError, AttributeError, ImportError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    run_tool(main)
