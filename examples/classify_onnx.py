"""Classify a video with onnxruntime and numpy; PyAV reads its frames. No torch, no mmaction2.

actionclip export CHECKPOINT model.onnx
python examples/classify_onnx.py model.onnx model_labels.safetensors VIDEO
"""

import argparse
import json
import sys

import av
import numpy as np
import onnxruntime


def classify(model: str, bank: str, path: str) -> list[tuple[str, float]]:
    session = onnxruntime.InferenceSession(model)
    facts = session.get_modelmeta().custom_metadata_map
    text, labels = read_bank(bank)  # [P, C, D]
    clip = preprocess(path, json.loads(facts['preprocessing']))  # [3, T, H, W]
    scores, _ = session.run(None, {'video': clip[None, None], 'text': text})  # [1, C]
    best = np.argsort(-scores[0])[:5]
    return [(labels[i], float(scores[0, i])) for i in best]


def read_bank(path: str) -> tuple[np.ndarray, list[str]]:
    """Text features and labels of a safetensors file: a length, a JSON header, the numbers."""
    with open(path, 'rb') as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), 'little')))
        text = np.frombuffer(file.read(), np.float32).reshape(header['text']['shape'])
    return text, json.loads(header['__metadata__']['labels'])


def preprocess(path: str, facts: dict) -> np.ndarray:
    """Sample, resize, crop and normalise as in testing: one view, centre crop."""
    sampler, resize, size = facts['sampler']['type'], facts['resize'], facts['size']
    if sampler != 'SegmentCentreSample' or facts['views'] != 1 or not resize['antialias']:
        sys.exit(f'This example does not know {sampler}, {facts["views"]} views, {resize}.')
    with av.open(path) as container:
        frames = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    count, wanted = len(frames), facts['frames']  # L, T
    chosen = (max(count - wanted, 0) + 2 * count * np.arange(wanted)) // (2 * wanted)
    frames = [frames[i] for i in chosen] if wanted > 1 else [frames[count // 2]]
    height, width = frames[0].shape[:2]
    if 'short_side' in resize:
        short = resize['short_side']
        target = [short * side // min(height, width) for side in (height, width)]
    else:
        target = [resize['height'], resize['width']]
    rows, columns = (
        resampling(old, new, resize['interpolation'])
        for old, new in zip((height, width), target, strict=True)
    )
    top, left = (round((old - new) / 2) for old, new in zip(target, size, strict=True))
    clip = np.stack(frames).astype(np.float32)  # [T, height, width, 3]
    clip = to_pixels(np.einsum('xw,thwc->thxc', columns, clip))
    clip = to_pixels(np.einsum('yh,thxc->tyxc', rows, clip))
    clip = clip[:, top : top + size[0], left : left + size[1]]
    clip = (clip - np.float32(facts['mean'])) / np.float32(facts['std'])
    return clip.transpose(3, 0, 1, 2)


def resampling(old: int, new: int, interpolation: str) -> np.ndarray:
    """Antialiased weights [new, old], as Pillow and torchvision compute them."""
    if old == new:
        return np.eye(old, dtype=np.float32)
    scale = old / new
    centre = (np.arange(new)[:, None] + 0.5) * scale - 0.5
    x = np.abs(np.arange(old) - centre) / max(scale, 1)
    if interpolation == 'bilinear':
        weights = np.maximum(1 - x, 0)
    else:
        inner = (1.5 * x - 2.5) * x * x + 1
        outer = ((-0.5 * x + 2.5) * x - 4) * x + 2
        weights = np.where(x < 1, inner, np.where(x < 2, outer, 0))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def to_pixels(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, help_text in dict(model='.onnx', bank='.safetensors', video='to classify').items():
        parser.add_argument(name, help=help_text)
    args = parser.parse_args(argv)
    for label, score in classify(args.model, args.bank, args.video):
        print(f'{label:30} {100 * score:6.2f} %')


if __name__ == '__main__':
    main()
