"""Extract the mini CLIP from a pre-training checkpoint, in open_clip's layout.

python tools/analysis/export_mini_clip.py CHECKPOINT data/mini_clip/mini_clip.safetensors
"""

import argparse
from pathlib import Path

from _script import run_and_exit

# isort: split
from safetensors.torch import save
from torch import Tensor

from actionclip_mm.clip.state_dict import read_state_dict
from actionclip_mm.utils import write_bytes

# Prefixes of a CLIPRecognizer, and those of open_clip.
PARTS = {
    'backbone.visual.': 'visual.',
    'cls_head.label_encoder.text.': 'text.',
    'cls_head.logit_scale': 'logit_scale',
}


def extract_clip(state_dict: dict[str, Tensor]) -> dict[str, Tensor]:
    """Convert the towers and scale of a recognizer to open_clip's custom-text layout, fp16.

    Raises:
        ValueError: One of the parts is missing.
    """
    clip: dict[str, Tensor] = {}
    for old, new in PARTS.items():
        found = {name: value for name, value in state_dict.items() if name.startswith(old)}
        if not found:
            raise ValueError(
                f"The checkpoint has no weights '{old}*': give one of a CLIPRecognizer with a "
                'CLIPImageEncoder and a TextPromptLabelEncoder.'
            )
        clip.update({new + name[len(old) :]: value.half() for name, value in found.items()})
    return {name: value.contiguous() for name, value in clip.items()}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('checkpoint', help='checkpoint written by training')
    parser.add_argument('out', type=Path, help='output file, .safetensors')
    args = parser.parse_args(argv)
    weights = extract_clip(read_state_dict(args.checkpoint))
    write_bytes(args.out, save(weights))
    count = sum(value.numel() for value in weights.values())
    size = args.out.stat().st_size / 2**20
    print(f'{args.out}: {count / 1e6:.2f} M numbers, {size:.1f} MiB')


if __name__ == '__main__':
    run_and_exit(main)
