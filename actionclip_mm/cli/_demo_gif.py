"""Draw clips of the mini benchmark's unseen classes with the labels that a model gives them.

python -m actionclip_mm.cli._demo_gif CHECKPOINT FILE.gif
"""

import sys
from collections.abc import Sequence
from pathlib import Path

DATA = Path('data/mini')
SHOWN = 8


def main(argv: Sequence[str] | None = None) -> None:
    """Label one clip each of up to 8 unseen classes, and animate them."""
    checkpoint, out = sys.argv[1:] if argv is None else argv
    from .. import register_all

    register_all()
    import numpy as np

    from ..apis import ActionCLIPInferencer
    from ..decoding import Video
    from ..reporting.animation import LabelledClip, write_gif
    from ..utils.annotation_lists import read_lines

    names = (DATA / 'labels_unseen.txt').read_text().splitlines()
    first = {line.numbers[0]: line.path for line in reversed(read_lines(str(DATA / 'unseen.txt')))}
    ids = sorted(first)[:: max(1, len(first) // SHOWN)][:SHOWN]
    paths = [str(DATA / 'videos' / first[number]) for number in ids]
    inferencer = ActionCLIPInferencer(checkpoint, device='cpu')
    clips = []
    for number, path, answer in zip(
        ids, paths, inferencer.stream(paths, labels=names), strict=True
    ):
        video = Video(path)
        text = f'{answer.label} {answer.probability:.0%}'
        frames = np.stack(video.read(range(len(video.index))))  # [T, H, W, 3]
        clips.append(LabelledClip(frames, text, answer.label == names[number]))
    write_gif(out, clips)
    print(f'    {sum(clip.is_right for clip in clips)} of {len(clips)} clips right: {out}')


if __name__ == '__main__':
    main()
