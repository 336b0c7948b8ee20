"""Rows of the text side: banks of sentences, changed labels, the head, bf16 towers."""

from functools import partial
from typing import TYPE_CHECKING, Any

from ..measuring import Way, largest_difference
from ..registry import Comparison, Options, row

if TYPE_CHECKING:
    from ...models.text import TextPromptLabelEncoder

VERBS = (
    'playing', 'eating', 'cleaning', 'throwing', 'riding', 'making', 'washing', 'cutting',
    'jumping over', 'drawing', 'shaking', 'carrying', 'driving', 'feeding', 'grooming', 'smoking',
    'using', 'opening', 'training', 'folding',
)  # fmt: skip
THINGS = (
    'guitar', 'a bike', 'hot dog', 'snow', 'chess', 'dog', 'watermelon', 'bowling', 'a horse',
    'paper', 'trombone', 'shoes', 'tractor', 'the table', 'hair', 'ice cream', 'a rope', 'cards',
    'volleyball', 'remote control car',
)  # fmt: skip
TESTS = 'tests/test_models'


def class_names(count: int) -> list[str]:
    """Class names of as many words as those of Kinetics-400."""
    pairs = [f'{verb} {thing}' for thing in THINGS for verb in VERBS]
    return [f'{pairs[i % len(pairs)]}{" again" * (i // len(pairs))}' for i in range(count)]


def label_encoder(options: Options, classes: int, **settings: Any) -> 'TextPromptLabelEncoder':
    """A label encoder in eval mode, with the same random weights at each call."""
    import torch

    from ...models.text import TextPromptLabelEncoder

    torch.manual_seed(0)
    return TextPromptLabelEncoder(
        **{
            **dict(labels=class_names(classes), arch=options.arch, pretrained=options.pretrained),
            **settings,
        }
    ).eval()


def shallow(arch: str) -> dict[str, Any]:
    """Config of a model whose text tower has 2 blocks, for rows that encode thousands of texts."""
    from ...clip import get_model_config

    config: dict[str, Any] = get_model_config(arch) or {}
    return dict(config, text_cfg=dict(config['text_cfg'], layers=2))


@row('text-bank', 'Text bank of 400 classes x 16 templates', '>= 9x')
def text_bank(options: Options) -> Comparison:
    """The released code's 77 tokens, the order of the label list, and sorted by length."""
    import torch

    classes = 2 if options.tiny else 400
    few = 1 if options.tiny else 20  # classes for the slow way
    arch = shallow(options.arch)
    bank_options = dict(reuse=False, disk=False)
    encoders = {
        sort: label_encoder(
            options, classes, arch=arch, pretrained=None, bank=dict(sort=sort, **bank_options)
        )
        for sort in (False, True)
    }
    ours, plain = encoders[True], encoders[False]
    sentences = ours.tokens[:, :: classes // few].flatten(0, 1)  # [16·few, 77]
    lengths = ours.tokens.argmax(dim=-1) + 1  # [P, C]

    @torch.no_grad()
    def untrimmed() -> Any:
        return torch.cat([plain.text(piece) for piece in sentences.split(256)])

    @torch.no_grad()
    def bank(encoder: Any) -> Any:
        return encoder.encode_rows(encoder.tokens)

    with torch.no_grad():
        pairs = ours.encode_rows(ours.tokens[:, :: classes // few]).flatten(0, 1)
    return Comparison(
        [
            Way('all 77 tokens', untrimmed, work=len(sentences)),
            Way(
                'trimmed, in the order of the list', lambda: bank(plain),
                'label_encoder.bank.sort=False', work=lengths.numel(),
            ),
            Way('sorted by length', lambda: bank(ours), 'default', work=lengths.numel()),
        ],
        difference=largest_difference([untrimmed(), pairs]),
        test=f'{TESTS}/test_text/test_distinct_sentences.py::'
        'test_sorted_sentences_give_the_same_features_and_gradients',
        unit='sentence',
        note=f'{lengths.numel()} sentences of {int(lengths.sum())} tokens; the first way encodes '
        f'{len(sentences)} of them. The tower has 2 of its blocks.',
        rounds=2,
    )  # fmt: skip


@row('set-labels', '2 of 6 classes are new, frozen text tower', 'only new sentences')
def set_labels(options: Options) -> Comparison:
    """Every sentence of the new list, and the new sentences only."""
    import torch

    names = class_names(8)
    templates = ['{}', 'a video of {}']
    encoders = {
        reuse: label_encoder(
            options, 6, templates=templates, frozen_stages='all', bank=dict(reuse=reuse, disk=False)
        )
        for reuse in (False, True)
    }

    def before(encoder: Any) -> None:
        encoder.forget(0)
        encoder.set_labels(names[:6])
        with torch.no_grad():
            encoder()

    def change(encoder: Any) -> Any:
        encoder.set_labels(names[2:])
        with torch.no_grad():
            return encoder()

    results = []
    for encoder in encoders.values():
        before(encoder)
        results.append(change(encoder))
    switches = {False: 'label_encoder.bank.reuse=False', True: 'default'}
    return Comparison(
        [
            Way(name, partial(change, encoders[reuse]), switches[reuse], prepare)
            for reuse, name in ((False, 'all sentences'), (True, 'new sentences'))
            for prepare in [partial(before, encoders[reuse])]
        ],
        difference=largest_difference(results),
        test=f'{TESTS}/test_text/test_label_encoder.py::test_set_labels_encodes_new_sentences_only',
        unit='call',
    )


@row('text-bank-on-disk', 'Text bank of 400 x 16 at the second start', '>= 50x')
def text_bank_on_disk(options: Options) -> Comparison:
    """Computed, and read from the cache folder with the hash of the weights."""
    import os
    from unittest import mock

    import torch

    from ...models.text import bank_on_disk

    classes = 2 if options.tiny else 400
    encoders = {
        disk: label_encoder(
            options,
            classes,
            arch=shallow(options.arch),
            pretrained=None,
            bank=dict(disk=disk, reuse=False),
        )
        for disk in (False, True)
    }
    encoders[True].load_state_dict(encoders[False].state_dict())
    settings = {'ACTIONCLIP_CACHE': str(options.scratch), bank_on_disk.SWITCH: '1'}

    def bank(encoder: Any) -> Any:
        encoder.eval()  # forgets the hash of the weights
        fewest = mock.patch.object(bank_on_disk, 'FEWEST', 1)
        with torch.no_grad(), mock.patch.dict(os.environ, settings), fewest:
            return encoder()

    computed = bank(encoders[True])  # and written
    return Comparison(
        [
            Way('computed', lambda: bank(encoders[False]), 'label_encoder.bank.disk=False'),
            Way('read from disk', lambda: bank(encoders[True]), 'default'),
        ],
        difference=largest_difference([computed, bank(encoders[True])]),
        test=f'{TESTS}/test_text/test_bank_on_disk.py::'
        'test_the_second_process_reads_what_the_first_one_wrote',
        unit='bank',
        note='Tokenizing, which both ways need, is not counted; hashing the weights is. The tower '
        'has 2 of its blocks; with all of them the ratio is larger.',
        rounds=2,
    )


@row('head-10000x16', 'Head: 10,000 classes x 16 templates, 16 videos', '>= 2.4x', classes=10_000)
@row('head-400x16', 'Head: 400 classes x 16 templates, 16 videos', '>= 1.7x', classes=400)
def head(options: Options, classes: int) -> Comparison:
    """Features normalised for every batch, and once."""
    import torch
    from mmaction.registry import MODELS
    from mmaction.structures import ActionDataSample

    from ...models.text import TextBank

    classes = 8 if options.tiny else classes
    width, videos = 512, 16
    torch.manual_seed(0)
    encoder = label_encoder(options, 2)
    head = MODELS.build(
        dict(
            type='VideoTextHead', in_channels=encoder.out_channels,
            label_encoder=dict(
                type='TextPromptLabelEncoder', labels=class_names(2), arch=options.arch
            ),
        )
    ).eval()  # fmt: skip
    features = torch.randn(16, classes, width)
    bank = TextBank(tuple(class_names(classes)), features, torch.full((classes,), 16))
    video = torch.randn(videos, width)
    samples = [ActionDataSample() for _ in range(videos)]

    @torch.no_grad()
    def plain() -> Any:
        logits = head.compare(video, bank.features, bank.num_sentences)
        return torch.stack([s.pred_score for s in head.predict_by_feat(logits, samples)])

    @torch.no_grad()
    def ours() -> Any:
        logits = head.compare_bank(video, bank)
        return torch.stack([s.pred_score for s in head.predict_by_feat(logits, samples)])

    return Comparison(
        [
            Way('normalised for every batch', plain, 'label_encoder.bank.normalized=False'),
            Way('kept normalised', ours, 'default'),
        ],
        difference=largest_difference([plain(), ours()]),
        test=f'{TESTS}/test_heads/test_video_text_head.py::'
        'test_kept_directions_give_the_same_scores',
        unit='batch',
    )


@row('bf16-tower', 'Image tower of ViT-B/32 in bf16, 8 frames', 'see the note')
def bf16_tower(options: Options) -> Comparison:
    """fp32, bf16 by autocast, and bf16 with weights rounded once."""
    import copy

    import torch

    from ...clip import build_clip
    from ...clip.precision import computing_in, has_fast_bf16, round_weights

    torch.manual_seed(0)
    clip = build_clip(options.arch, options.pretrained, only='visual')
    plain: Any = clip.get_submodule('visual').eval()
    rounded = copy.deepcopy(plain)
    round_weights(rounded, 'bf16')
    frames = torch.randn(1 if options.tiny else 8, 3, *plain.image_size)

    def run(tower: Any, precision: str) -> Any:
        with torch.no_grad(), computing_in(precision, 'cpu'):
            return tower(frames)

    with_bf16 = 'has' if has_fast_bf16('cpu') else 'has no'
    return Comparison(
        [
            Way('fp32', lambda: run(plain, 'fp32'), 'default'),
            Way('bf16, autocast', lambda: run(plain, 'bf16')),
            Way('bf16, weights rounded once', lambda: run(rounded, 'bf16'), '--precision bf16'),
        ],
        difference=largest_difference([run(plain, 'bf16'), run(rounded, 'bf16')]),
        test='tests/test_clip/test_precision.py::test_rounded_once_is_autocast_to_the_bit',
        unit='8 frames',
        note=f'This CPU {with_bf16} bf16 instructions. The difference is between the ways in bf16.',
    )
