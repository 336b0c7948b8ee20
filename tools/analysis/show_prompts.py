"""Prints the sentences that stand for each class, and marks those that the text tower must cut.

Usage: python tools/analysis/show_prompts.py --labels "arm wrestling" BrushHair --templates cloze
       python tools/analysis/show_prompts.py --config configs/mini/actionclip_mini_transf.py
"""

import argparse
import sys
from pathlib import Path

from mmengine.config import Config

sys.path.append(str(Path(__file__).resolve().parents[2]))  # a checkout that was not installed

from actionclip_mm.models.text import fill_prompts, read_labels, read_prompts
from actionclip_mm.models.utils import get_tokenizer


def show(labels, templates, arch, split_names: bool = True) -> int:
    """Prints one line per sentence; returns how many are too long."""
    tokenizer = get_tokenizer(arch)
    room = tokenizer.context_length - 2  # start and end of text
    num_cut = 0
    names = read_labels(labels, split_names)
    sentences = fill_prompts(names, read_prompts(templates))
    for index, (name, lines) in enumerate(zip(names, sentences, strict=True)):
        print(f'{index} {name}')
        for line in lines:
            ids = tokenizer.encode(line)
            print(f'    {len(ids) + 2:3d} tokens  {line}')
            if len(ids) > room:
                num_cut += 1
                print(f'    TOO LONG, is read as: {tokenizer.decode(ids[:room]).strip()}')
    total = sum(len(lines) for lines in sentences)
    print(f'{len(names)} classes, {total} sentences, {num_cut} longer than {room + 2} tokens.')
    return num_cut


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--labels', nargs='+', help='class names')
    source.add_argument('--labels-file', help='file of class names')
    source.add_argument('--config', help='config whose label encoder is shown')
    parser.add_argument('--templates', help='preset, text file, or JSON/YAML of descriptions')
    parser.add_argument('--arch', default='ViT-B-16', help='whose tokenizer counts')
    args = parser.parse_args(argv)
    try:
        if args.config:
            cfg = Config.fromfile(args.config).model.cls_head.label_encoder
            templates = args.templates or cfg.get('templates', 'actionclip16')
            show(cfg.labels, templates, cfg.get('arch', args.arch), cfg.get('split_names', True))
        else:
            labels = args.labels or args.labels_file
            show(labels, args.templates or 'actionclip16', args.arch)
    except (ValueError, TypeError, FileNotFoundError, AttributeError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
