"""Export a trained checkpoint: its weights alone, with the config or model file to use them.

    actionclip export CHECKPOINT FOLDER
    actionclip export CHECKPOINT --config CFG OUT.safetensors [--layout open_clip]

FOLDER gets model.safetensors, config.json and labels.txt, all that prediction needs (`actionclip
predict VIDEO --checkpoint FOLDER`); --config is for checkpoints that do not describe their model.
Layout actionclip (default): the whole recognizer, and OUT's name in .py, a config that needs no
other weight, label or template file.
Layout open_clip: the two CLIP towers only, and open_clip_config.json next to OUT; other code bases
build it by open_clip.create_model('local-dir:FOLDER', pretrained='OUT').
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
from ._arguments import existing_file, make_parser

# the file next to OUT, {} being its name
SIDECARS = {'actionclip': '{}.py', 'open_clip': 'open_clip_config.json'}


def main(argv: list[str] | None = None) -> None:
    """Run ``actionclip export``."""
    parser = make_parser('export', __doc__)
    parser.add_argument('checkpoint', type=existing_file, help='what training wrote')
    parser.add_argument('out', type=Path, help='.safetensors or .pth to write, or a folder')
    parser.add_argument('--config', type=existing_file, help='config of the checkpoint')
    parser.add_argument('--layout', default='actionclip', choices=list(SIDECARS))
    parser.add_argument('--allow-partial', action='store_true', help='omit what has no place')
    parser.add_argument('--force', action='store_true', help='overwrite files')
    args = parser.parse_args(argv)
    with parser.wrong_calls():
        if not args.out.suffix:
            refuse_overwriting([args.out / name for name in EXPORTED_FILES], args.force)
            check_writable(args.out / EXPORTED_FILES[0])
            run_folder(args)
            return
        check_weights_path(args.out)
        if args.config is None:
            parser.error(f"'{args.out}' needs --config; a folder does not.")
        sidecar = args.out.with_name(SIDECARS[args.layout].format(args.out.stem))
        refuse_overwriting([args.out, sidecar], args.force)
        check_writable(args.out)
        run(args)


def run_folder(args: argparse.Namespace) -> None:
    """Write the model as a folder that describes itself."""
    import actionclip_mm

    if args.config is None:
        inferencer = actionclip_mm.ActionCLIPInferencer(args.checkpoint, device='cpu')
    else:
        inferencer = actionclip_mm.ActionCLIPInferencer.from_config(
            args.config, str(args.checkpoint), device='cpu'
        )
    inferencer.save_pretrained(args.out)
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
    meta = dict(source_file=args.checkpoint.name, source_sha256=digest)
    omitted: list[str] = []
    if args.layout == 'open_clip':
        others, omitted = export_open_clip(cfg, model, args.out, meta, args.allow_partial)
    else:
        origin = f'{args.checkpoint.name} and {args.config.name}'
        others = export_recognizer(cfg, model, args.out, meta, origin)
    if omitted:
        print(f'OMITTED {len(omitted)}: {list_names(omitted, most=20)}')
    for path in (*others, f'{args.out}  SHA-256 {sha256(args.out)}'):
        print(f'wrote    {path}')
