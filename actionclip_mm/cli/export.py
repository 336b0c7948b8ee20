"""Export a trained model: as a folder, a config, for a runtime, or for open_clip.

    actionclip export CHECKPOINT FOLDER
    actionclip export CHECKPOINT OUT --format onnx|torch-export|safetensors|text-bank
    actionclip export CHECKPOINT --config CFG OUT.safetensors [--layout open_clip]

CHECKPOINT is a file that training wrote, a folder of this command, mini (the shipped mini CLIP) or
an open_clip model name with --labels; --config is for checkpoints that do not describe their model.

FOLDER gets model.safetensors, config.json and labels.txt, all that prediction needs (`actionclip
predict VIDEO --checkpoint FOLDER`).

--format:
onnx          OUT.onnx, the video side with a free batch size and the text bank as an input;
              needs the extra actionclip_mm[onnx]
torch-export  OUT.pt2, the same for torch.export.load, and OUT.json
safetensors   OUT.safetensors, all weights with config and labels in one file
text-bank     OUT.safetensors, the text features of --labels alone
The first three also write the text bank of the labels, OUT_labels.safetensors. docs/deploy.md
describes inputs, outputs and metadata.

Without --format, OUT.safetensors or OUT.pth with --config are the weights in a --layout:
actionclip (default): the whole recognizer, and OUT's name in .py, a config that needs no
other weight, label or template file.
open_clip: the two CLIP towers only, and open_clip_config.json next to OUT; other code bases
build it by open_clip.create_model('local-dir:FOLDER', pretrained='OUT').

Exit code: 0 when done, 2 when nothing was written.
"""

import argparse
from pathlib import Path

from ..utils import (
    EXPORTED_FILES,
    check_weights_path,
    check_writable,
    list_names,
    refuse_overwriting,
)
from ._arguments import Parser, existing_file, make_parser
from ._export_formats import SUFFIXES, check_deployment, run_deployment

# the file next to OUT, {} being its name
SIDECARS = {'actionclip': '{}.py', 'open_clip': 'open_clip_config.json'}


def parser_of_export() -> Parser:
    """All options of ``actionclip export``."""
    parser = make_parser('export', __doc__)
    parser.add_argument('checkpoint', type=model_path, help='what training wrote, or a folder')
    parser.add_argument('out', type=Path, help='file to write, or a folder')
    parser.add_argument('--format', choices=['folder', *SUFFIXES])
    parser.add_argument('--config', type=existing_file, help='config of the checkpoint')
    parser.add_argument('--layout', choices=list(SIDECARS), help='of weights with --config')
    labels = parser.add_mutually_exclusive_group()
    labels.add_argument('--labels', nargs='+', metavar='LABEL', help='other class names')
    labels.add_argument('--labels-file', type=existing_file, metavar='FILE')
    parser.add_argument('--templates', metavar='PRESET|FILE', help='other templates')
    parser.add_argument('--opset', type=int, help='of ONNX (default: 20)')
    parser.add_argument(
        '--text-tower', action='store_true', help='also write OUT_text.onnx and its tokenizer'
    )
    parser.add_argument('--allow-partial', action='store_true', help='omit what has no place')
    parser.add_argument('--force', action='store_true', help='overwrite files')
    return parser


def model_path(text: str) -> str:
    """Argument type: a file or folder that exists, or the name of a model."""
    if not Path(text).exists() and (Path(text).suffix or '/' in text):
        raise argparse.ArgumentTypeError(f"no such file: '{text}'")
    return text


def main(argv: list[str] | None = None) -> None:
    """Run ``actionclip export``."""
    parser = parser_of_export()
    args = parser.parse_args(argv)
    with parser.wrong_calls():
        args.format = args.format or _format_of(args.out)
        if args.format in SUFFIXES:
            check_deployment(args)
            run_deployment(args)
            return
        refuse_others(args)
        if args.format == 'folder':
            refuse_overwriting([args.out / name for name in EXPORTED_FILES], args.force)
            check_writable(args.out / EXPORTED_FILES[0])
            run_folder(args)
            return
        check_weights_path(args.out)
        if args.config is None:
            parser.error(
                f"'{args.out}' needs --config, or --format safetensors; a folder does not."
            )
        args.layout = args.layout or 'actionclip'
        sidecar = args.out.with_name(SIDECARS[args.layout].format(args.out.stem))
        refuse_overwriting([args.out, sidecar], args.force)
        check_writable(args.out)
        run(args)


def _format_of(out: Path) -> str | None:
    """The format that the suffix names; None for weights with a config."""
    named = {suffix: name for name, suffix in SUFFIXES.items() if suffix != '.safetensors'}
    return named.get(out.suffix, None if out.suffix else 'folder')


def refuse_others(args: argparse.Namespace) -> None:
    """Refuse options of another format, which would be ignored."""
    given = {'--opset': args.opset, '--text-tower': args.text_tower}
    if args.format is None:
        given |= {
            '--labels': args.labels or args.labels_file,
            '--templates': args.templates,
        }
    else:
        given |= {'--layout': args.layout}
    for option, value in given.items():
        if value:
            raise ValueError(f'{option} has no effect on this format: omit it, or set --format.')


def run_folder(args: argparse.Namespace) -> None:
    """Write the model as a folder that describes itself."""
    from ._export_formats import load_inferencer

    load_inferencer(args).save_pretrained(args.out)
    for name in EXPORTED_FILES:
        if (args.out / name).exists():
            print(f'wrote    {args.out / name}')


def run(args: argparse.Namespace) -> None:
    """Read the checkpoint strictly and write it in the chosen layout."""
    import actionclip_mm

    actionclip_mm.register_all()
    from ..apis.building import build_trained, read_model_config
    from ..clip.weight_files import sha256
    from ..converters.export import export_open_clip, export_recognizer

    cfg = read_model_config(args.config)
    model = build_trained(cfg, str(args.checkpoint))
    digest = sha256(args.checkpoint)
    print(f'read     {args.checkpoint}  SHA-256 {digest}')
    name = Path(args.checkpoint).name
    meta = dict(source_file=name, source_sha256=digest)
    omitted: list[str] = []
    if args.layout == 'open_clip':
        others, omitted = export_open_clip(cfg, model, args.out, meta, args.allow_partial)
    else:
        origin = f'{name} and {args.config.name}'
        others = export_recognizer(cfg, model, args.out, meta, origin)
    if omitted:
        print(f'OMITTED {len(omitted)}: {list_names(omitted, most=20)}')
    for path in (*others, f'{args.out}  SHA-256 {sha256(args.out)}'):
        print(f'wrote    {path}')
