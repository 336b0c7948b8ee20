"""CLIP's tokenizer as a file of Hugging Face's ``tokenizers``, a package that needs no torch."""

from pathlib import Path
from typing import Any

from ..apis.inferencer import ActionCLIPInferencer
from ..clip import SimpleTokenizer
from ..utils import write_json

WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"  # open_clip's
ENDS = ('<start_of_text>', '<end_of_text>')
# steps that depend on no vocabulary
STEPS: dict[str, Any] = dict(
    version='1.0',
    normalizer=dict(
        type='Sequence',
        normalizers=[
            dict(type='NFC'),
            dict(type='Replace', pattern=dict(Regex=r'\s+'), content=' '),
            dict(type='Lowercase'),
        ],
    ),
    pre_tokenizer=dict(
        type='Sequence',
        pretokenizers=[
            dict(type='Split', pattern=dict(Regex=WORDS), behavior='Removed', invert=True),
            dict(type='ByteLevel', add_prefix_space=False, trim_offsets=True, use_regex=False),
        ],
    ),
    decoder=None,
)
UNCHANGED = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)


def export_tokenizer(path: str | Path, inferencer: ActionCLIPInferencer) -> None:
    """Write ``tokenizer.json``.

    It pads with 0 and cuts to the context length L, as open_clip does, but repairs no broken
    encodings and no HTML entities.

    Args:
        path: ``.json`` to write.
        inferencer: A model with CLIP's text tower.

    Raises:
        ValueError: Another tokenizer than CLIP's own.
        OSError: The file was not written.
    """
    tokenizer: Any = inferencer.model.cls_head.label_encoder.tokenizer
    if type(tokenizer) is not SimpleTokenizer:
        raise ValueError(
            f"{type(tokenizer).__name__} is not CLIP's tokenizer, which alone can be exported: "
            'omit --text-tower, and write text banks (--labels).'
        )
    length = inferencer.model.cls_head.label_encoder.tokens.shape[-1]
    ids = {name: tokenizer.encoder[name] for name in ENDS}
    start, end = (dict(SpecialToken=dict(id=name, type_id=0)) for name in ENDS)
    sentence = [start, dict(Sequence=dict(id='A', type_id=0)), end]
    content = STEPS | dict(
        truncation=dict(direction='Right', max_length=length, strategy='LongestFirst', stride=0),
        padding=dict(
            strategy=dict(Fixed=length), direction='Right', pad_to_multiple_of=None, pad_id=0,
            pad_type_id=0, pad_token='!',
        ),
        added_tokens=[dict(id=ids[name], content=name, **UNCHANGED) for name in ENDS],
        post_processor=dict(
            type='TemplateProcessing', single=sentence, pair=sentence,
            special_tokens={name: dict(id=name, ids=[ids[name]], tokens=[name]) for name in ENDS},
        ),
        model=dict(
            type='BPE', dropout=None, unk_token=None, continuing_subword_prefix='',
            end_of_word_suffix='</w>', fuse_unk=False, vocab=tokenizer.encoder,
            merges=[' '.join(pair) for pair in tokenizer.bpe_ranks],
        ),
    )  # fmt: skip
    write_json(path, content, indent=None)
