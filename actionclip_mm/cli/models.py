"""List CLIP towers and ActionCLIP weights: addresses, sizes, licences, and what is cached.

    actionclip models                  the usual CLIP towers and all ActionCLIP weights
    actionclip models siglip           every open_clip model whose name contains 'siglip'
    actionclip models --cached         what is on this machine

Nothing is downloaded. Accuracies are published ones (Kinetics-400 top-1); none was measured here.
"""

from collections.abc import Sequence

from ..utils import to_json
from ._arguments import make_parser

USUAL = ('ViT-B-32', 'ViT-B-16', 'ViT-L-14', 'ViT-L-14-336', 'RN50')


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; returns 0, or 1 if nothing matches."""
    parser = make_parser('models', __doc__)
    parser.add_argument('name', nargs='?', help='part of a model name or tag')
    parser.add_argument('--all', action='store_true', help='every model of open_clip')
    parser.add_argument('--cached', action='store_true', help='only what is on this machine')
    parser.add_argument('--json', action='store_true', help='print JSON')
    args = parser.parse_args(argv)
    from dataclasses import asdict

    from ..clip.published import PUBLISHED, RELEASED, published_clips

    wanted = (args.name or '').lower()

    def is_shown(arch: str, tag: str) -> bool:
        if wanted:
            return wanted in f'{arch} {tag}'.lower()
        return args.all or args.cached or (arch in USUAL and tag == 'openai')

    clips = [
        clip
        for clip in published_clips()
        if is_shown(clip.arch, clip.tag) and (clip.cached or not args.cached)
    ]
    trained = [m for m in PUBLISHED if wanted in m.name and not args.cached]
    if args.json:
        content = dict(
            clip=[asdict(clip) for clip in clips], actionclip=[asdict(model) for model in trained]
        )
        print(to_json(content, indent=2))
        return 0
    if clips:
        print('CLIP towers (--arch, --pretrained):')
        for clip in clips:
            size = f'{clip.parameters / 1e6:.0f} M' if clip.parameters else '-'
            where = f'cached: {clip.cached}' if clip.cached else clip.address
            print(f'  {clip.arch:<22} {clip.tag:<26} {size:>7}  {clip.licence:<18} {where}')
    if not wanted or wanted == 'mini':
        print('  mini                   (shipped)                      4 M  Apache-2.0         '
              'no download: --arch mini')  # fmt: skip
    if trained:
        print('\nActionCLIP weights for Kinetics-400 (actionclip convert FILE OUT.safetensors):')
        for model in trained:
            print(
                f'  {model.name:<22} {model.frames:>2} frames  top-1 {model.top1}  {model.source}'
            )
            print(f'    {model.address}')
        print(f'  {RELEASED}')
    if not (clips or trained or wanted == 'mini'):
        print(
            f'Nothing matches{" in the cache" if args.cached else ""}: see actionclip models --all.'
        )
        return 1
    return 0
