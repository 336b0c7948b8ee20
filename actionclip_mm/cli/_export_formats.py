"""The formats of ``actionclip export`` for other runtimes."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..utils import check_writable, refuse_overwriting

if TYPE_CHECKING:
    from ..apis import ActionCLIPInferencer

# --format -> the suffix of its file
SUFFIXES = {
    'onnx': '.onnx',
    'torch-export': '.pt2',
    'safetensors': '.safetensors',
    'text-bank': '.safetensors',
}

# endings of the files next to it
LABELS, TEXT_TOWER, TOKENIZER = '_labels.safetensors', '_text.onnx', '_tokenizer.json'


def check_deployment(args: argparse.Namespace) -> None:
    """Refuse a wrong call before anything slow; complete ``args.out``.

    Raises:
        ValueError: A suffix of another format, or options without effect.
        OSError: A file exists or cannot be written.
    """
    suffix = SUFFIXES[args.format]
    if not args.out.suffix:
        args.out = args.out / f'{"labels" if args.format == "text-bank" else "model"}{suffix}'
    if args.out.suffix != suffix:
        raise ValueError(f"--format {args.format} writes {suffix} files, got '{args.out}'.")
    if args.layout or args.allow_partial:
        raise ValueError('--layout and --allow-partial are for weights without --format: omit it.')
    for option, given in (('--opset', args.opset), ('--text-tower', args.text_tower)):
        if given and args.format != 'onnx':
            raise ValueError(f'{option} needs --format onnx, got {args.format}.')
    files = [args.out]
    if args.format != 'text-bank':
        files.append(_next_to(args.out, LABELS))
    if args.format == 'torch-export':
        files.append(args.out.with_suffix('.json'))
    if args.text_tower:
        files += [_next_to(args.out, TEXT_TOWER), _next_to(args.out, TOKENIZER)]
    refuse_overwriting(files, args.force)
    check_writable(args.out)


def load_inferencer(args: argparse.Namespace) -> 'ActionCLIPInferencer':
    """The model of the call with its labels, on the CPU."""
    from .. import register_all

    register_all()
    from ..apis import ActionCLIPInferencer

    labels = args.labels or (args.labels_file and str(args.labels_file))
    common: dict[str, Any] = dict(labels=labels, templates=args.templates, device='cpu')
    if args.config:
        return ActionCLIPInferencer.from_config(args.config, args.checkpoint, **common)
    return ActionCLIPInferencer(args.checkpoint, **common)


def run_deployment(args: argparse.Namespace) -> None:
    """Write the files of a format, check them and print what they are."""
    from .. import register_all

    register_all()
    from .. import deployment
    from ..clip.weight_files import sha256

    if args.format == 'onnx':
        deployment.check_onnx(args.opset or deployment.OPSET)
    inferencer = load_inferencer(args)
    source = {}
    if Path(args.checkpoint).is_file():
        source = dict(source_file=Path(args.checkpoint).name, source_sha256=sha256(args.checkpoint))
        print('read     {source_file}  SHA-256 {source_sha256}'.format(**source))
    facts = deployment.facts_of(inferencer, **source)
    bank = args.out
    if args.format != 'text-bank':
        bank = _next_to(args.out, LABELS)
        write_model(args, inferencer, facts)
        print(f'wrote    {args.out}  SHA-256 {sha256(args.out)}')
    rows, classes, width = deployment.export_bank(bank, inferencer, facts)
    print(f'wrote    {bank}  {rows} templates x {classes} labels x {width}')


def write_model(
    args: argparse.Namespace, inferencer: 'ActionCLIPInferencer', facts: dict[str, Any]
) -> None:
    """Write all but the text bank, and print how exact it is."""
    from .. import deployment

    opset = args.opset or deployment.OPSET
    if args.format == 'safetensors':
        deployment.export_weights(args.out, inferencer, facts)
    elif args.format == 'torch-export':
        difference = deployment.export_program(args.out, inferencer, facts)
        print(f'checked  the program differs from the model by {difference:.1e} at most')
    else:
        difference = deployment.export_onnx(args.out, inferencer, facts, opset)
        print(f'checked  onnxruntime differs from torch by {difference:.1e} at most')
        if args.text_tower:
            text = _next_to(args.out, TEXT_TOWER)
            difference = deployment.export_text_tower(text, inferencer, facts, opset)
            print(f'wrote    {text}  differs from torch by {difference:.1e} at most')
            tokenizer = _next_to(args.out, TOKENIZER)
            deployment.export_tokenizer(tokenizer, inferencer)
            print(f'wrote    {tokenizer}')


def _next_to(path: Path, ending: str) -> Path:
    """The path of a second file of the same model."""
    return path.with_name(path.stem + ending)
