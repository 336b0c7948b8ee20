"""Convert weights of other code bases into a checkpoint and a ready config of this project.

    actionclip convert SRC DST.safetensors --labels labels.txt

SRC is a released ActionCLIP .pt, a .pth of mmaction2's projects/actionclip, OpenAI's CLIP, Hugging
Face's CLIPModel or an open_clip file; the layout is detected. Writes DST and DST's name in .py.

Exit code: 0 when done, 2 when nothing was written, 3 when files were written but a visual prompt
was dropped (--drop-visual-prompt).
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..utils import (
    check_weights_path,
    check_writable,
    list_names,
    refuse_overwriting,
    write_text,
)
from ..utils.label_names import read_labels, split_name
from ._arguments import existing_file, make_parser, positive

if TYPE_CHECKING:
    from ..converters import Converted, Hints

SOURCES = ('actionclip', 'mmaction2', 'openai', 'huggingface', 'open_clip')
VISUAL_PROMPT_DROPPED = 3  # exit code
NAMES = {'as-given': False, 'split': True}


def main(argv: list[str] | None = None) -> int | None:
    """Run ``actionclip convert``."""
    parser = make_parser('convert', __doc__)
    parser.add_argument(
        'src', type=existing_file, help='.pt, .pth, .bin, .safetensors or .index.json'
    )
    parser.add_argument('dst', type=Path, help='.safetensors or .pth to write')
    parser.add_argument('--source', default='auto', choices=['auto', *SOURCES])
    parser.add_argument('--labels', default='labels.txt', help='label file that the config names')
    parser.add_argument('--templates', default='actionclip16', help='preset or file of templates')
    parser.add_argument(
        '--label-names',
        choices=NAMES,
        help='whether ApplyEyeMakeup fills the templates as it is or as "apply eye makeup"; '
        'as-given by default where training fed it so (released ActionCLIP, mmaction2) and no '
        'name has an underscore',
    )
    parser.add_argument('--frames', type=positive, help='T, where the weights leave it free')
    parser.add_argument('--arch', help='open_clip model name, where shapes do not tell')
    parser.add_argument('--vision-heads', type=positive, help='attention heads of the image tower')
    parser.add_argument('--text-heads', type=positive, help='attention heads of the text tower')
    parser.add_argument('--activation', choices=['gelu', 'quick_gelu'], help='of the towers')
    parser.add_argument('--neck-heads', type=positive, help='attention heads of the visual prompt')
    parser.add_argument('--allow-partial', action='store_true', help='go on with missing names')
    parser.add_argument(
        '--drop-visual-prompt',
        action='store_true',
        help=f'convert the CLIP alone; exit code {VISUAL_PROMPT_DROPPED}',
    )
    parser.add_argument('--force', action='store_true', help='overwrite DST and its config')
    args = parser.parse_args(argv)
    with parser.wrong_calls():
        check_weights_path(args.dst)
        refuse_overwriting([args.dst, args.dst.with_suffix('.py')], args.force)
        check_writable(args.dst)
        if Path(args.labels).is_file():
            read_labels(args.labels, split_names=False)
        run(args)
    return VISUAL_PROMPT_DROPPED if args.drop_visual_prompt else None


def run(args: argparse.Namespace) -> None:
    """Read, convert and write.

    Raises:
        ValueError: The file cannot be converted.
    """
    from .. import register_all

    register_all()
    from ..clip.state_dict import read_content
    from ..clip.weight_files import sha256, write_weights
    from ..converters import convert, write_config_text
    from ..converters.sidecars import read_sidecar

    config = args.dst.with_suffix('.py')
    content = read_content(str(args.src))
    digest = sha256(args.src)
    print(f'read     {args.src}  SHA-256 {digest}')
    source, hints, sidecar = read_sidecar(args.src, content, args.source)
    _take_options(hints, args, sidecar)
    converted = convert(content, source, hints, args.allow_partial, args.drop_visual_prompt)
    split_names, names = choose_names(args.labels, args.label_names, converted.source)
    report(converted, sidecar)
    print(f'names    {names}')
    text = write_config_text(
        converted, args.src.name, str(config), str(args.dst), args.labels, args.templates,
        args.frames, split_names,
    )  # fmt: skip
    meta = dict(source=converted.source, source_file=args.src.name, source_sha256=digest)
    write_weights(args.dst, converted.state, meta)
    write_text(config, text)
    print(f'wrote    {args.dst}  SHA-256 {sha256(args.dst)}')
    print(f'wrote    {config}')
    if converted.source == 'actionclip' and converted.prompt.num_frames is None and not args.frames:
        print('note     The weights fit any T: set that of their training (--frames), here 8.')
    if not Path(args.labels).is_file():
        print(f"note     Label file '{args.labels}' does not exist yet: set `labels` in {config}.")
    print(f'use      actionclip test {config} {args.dst}')


def _take_options(hints: 'Hints', args: argparse.Namespace, sidecar: str) -> None:
    """Fill in what the command line says about the model.

    Raises:
        ValueError: An option that something else decides.
    """
    heads = dict(vision_heads=args.vision_heads, text_heads=args.text_heads)
    given = [f'--{name.replace("_", "-")}' for name, value in heads.items() if value is not None]
    given += ['--arch'] if args.arch else []
    if args.activation and sidecar:
        given.append('--activation')
    if sidecar and given:
        raise ValueError(f'{sidecar} next to the weights sets the architecture: omit {given[0]}.')
    if args.arch and len(given) > 1:
        raise ValueError(f'--arch {args.arch} sets the number of heads: omit {given[0]}.')
    hints.arch = args.arch or hints.arch
    if args.activation:
        hints.quick_gelu = args.activation == 'quick_gelu'
    for name, value in dict(heads, neck_heads=args.neck_heads).items():
        if value is not None:
            setattr(hints, name, value)


def choose_names(labels: str, chosen: str | None, source: str) -> tuple[bool, str]:
    """Whether class names are split, and a sentence on that.

    Raises:
        ValueError: A label file that the written config could not use.
    """
    from ..converters import splits_names

    given = read_labels(labels, split_names=False) if Path(labels).is_file() else ()
    split_names = NAMES[chosen] if chosen else splits_names(source, given)
    how = ('split into words' if split_names else 'as given') + ' (--label-names)'
    if not given:
        return split_names, how
    read_labels(labels, split_names)
    joined = [name for name in given if name != split_name(name)]
    if not joined:
        return split_names, f'{how}; none of the {len(given)} in {labels} needs splitting'
    fed = split_name(joined[0]) if split_names else joined[0]
    of_all = f'{len(joined)} of {len(given)} in {labels} are joined'
    return split_names, f'{how}: {of_all}, {joined[0]} is fed as "{fed}"'


def report(converted: 'Converted', sidecar: str) -> None:
    """Print what was found, and what became of every name that was not converted."""
    from ..converters import SOURCES

    prompt = converted.prompt
    inside = f'{prompt.inside["type"]} inside the tower, ' if prompt.inside else ''
    neck = ', '.join(f'{key} {value}' for key, value in list(prompt.neck.items())[1:])
    print(f'layout   {SOURCES[converted.source].title}')
    print(f'tower    {converted.arch}' + (f' (from {sidecar})' if sidecar else ''))
    print(f'prompt   {inside}{prompt.neck["type"]} ({neck})')
    print(f'weights  {len(converted.state)} tensors converted')
    for title, names in (
        ('unused', converted.unused),
        ('LEFT OUT', converted.left_out),
        ('MISSING', converted.missing),
        ('DROPPED', converted.dropped),
    ):
        if names:
            extra = ', which stay random' if title == 'MISSING' else ''
            print(f'{title:8} {len(names)}{extra}: {list_names(names, most=20)}')
    for note in converted.notes:
        print(f'note     {note}')
