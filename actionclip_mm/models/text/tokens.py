"""Small operations on batches of token ids: padding to one length and trimming to what is read."""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmengine.logging import print_log
from torch import Tensor, nn


def is_trimmable(text_tower: nn.Module) -> bool:
    """Whether a text tower ignores tokens after the end-of-text.

    So it is where attention is causal and the feature is taken at end-of-text. Bidirectional
    towers (SigLIP) and those that append a class token (CoCa) read the padding too.
    """
    return (
        getattr(text_tower, 'attn_mask', None) is not None
        and getattr(text_tower, 'pool_type', None) == 'argmax'
        and getattr(text_tower, 'cls_emb', None) is None
    )


def trim(tokens: Tensor) -> Tensor:
    """Cut the columns after the last end-of-text (the largest id) of the batch, [B, L]."""
    return tokens[:, : int(tokens.argmax(dim=-1).max()) + 1]


def allow_trimmed_tokens(text_tower: nn.Module) -> None:
    """Makes open_clip's text tower take fewer tokens than its context length.

    It slices its positions to the length that comes but hands its Transformer the causal mask of
    the full length; a hook slices that too.
    """
    transformer: nn.Module = text_tower.get_submodule('transformer')
    transformer.register_forward_pre_hook(_slice_mask, with_kwargs=True)


def _slice_mask(module: nn.Module, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    length, mask = args[0].shape[1], kwargs.get('attn_mask')
    if mask is not None and mask.dim() == 2:
        kwargs = dict(kwargs, attn_mask=mask[:length, :length])  # [L, L]
    return args, kwargs


def check_vocabulary(tokens: Tensor, text_tower: nn.Module) -> None:
    """Refuses token ids that a text tower has no embedding for.

    Raises:
        ValueError: The tokenizer belongs to another model.
    """
    largest, size = int(tokens.max()), getattr(text_tower, 'vocab_size', 0)
    if size and largest >= size:
        raise ValueError(
            f'The tokenizer gives ids up to {largest} but the text tower has {size} tokens: set '
            'label_encoder.tokenizer to the tokenizer of label_encoder.arch.'
        )


def tokenize(tokenizer: Callable[..., Tensor], sentences: Sequence[str]) -> Tensor:
    """Token ids [B, L] of sentences; those that do not fit are named in one warning.

    open_clip's tokenizers cut long sentences and keep the end-of-text.
    """
    tokens = tokenizer(list(sentences))
    cut = [
        sentence
        for sentence, row in zip(sentences, tokens, strict=True)
        if _is_cut(tokenizer, sentence, row)
    ]
    if cut:
        print_log(
            f'{len(cut)} of {len(sentences)} sentences exceed {tokens.shape[1]} tokens and are '
            f'cut, the first is {cut[0]!r}: shorten the labels or templates.',
            'current',
            30,
        )
    return tokens


def tokenize_classes(
    tokenizer: Callable[..., Tensor], sentences: list[list[str]]
) -> tuple[Tensor, Tensor]:
    """Token ids [P, C, L] of the sentences of C classes, and how many each class has [C].

    P is the longest list of sentences; shorter ones are repeated, so that every row p holds a
    sentence of each class.
    """
    counts = [len(lines) for lines in sentences]
    rows = [[lines[p % len(lines)] for lines in sentences] for p in range(max(counts))]
    flat = [sentence for row in rows for sentence in row]
    tokens = tokenize(tokenizer, flat).unflatten(0, (len(rows), -1))  # [P, C, L]
    return tokens, torch.tensor(counts)


def count_tokens(tokenizer: Callable[..., Tensor], sentence: str) -> int | None:
    """Tokens of a sentence with start and end before any cut; None if the tokenizer cannot tell."""
    if hasattr(tokenizer, 'encode'):  # CLIP's
        return len(tokenizer.encode(sentence)) + 2
    inner = getattr(tokenizer, 'tokenizer', None)  # of transformers
    if inner is None:
        return None
    return len(inner(getattr(tokenizer, 'clean_fn', str)(sentence)).input_ids)


def read_as(tokenizer: Any, row: Tensor) -> str:
    """The words in a row [L] of token ids, of a tokenizer that can count."""
    if hasattr(tokenizer, 'encode'):  # CLIP's, whose end-of-text is the largest id
        return tokenizer.decode(row[1 : int(row.argmax())].tolist()).strip()
    return tokenizer.tokenizer.decode(row.tolist(), skip_special_tokens=True).strip()


def unreadable_names(tokenizer: Any, names: Sequence[str]) -> list[str]:
    """Names in a script that a tokenizer does not know, so that its tower reads noise.

    CLIP's byte-pair vocabulary is English: it breaks other scripts into single bytes. Tokenizers of
    transformers have a token for what is unknown.
    """
    return [name for name in names if not _is_readable(tokenizer, name)]


def _is_readable(tokenizer: Any, name: str) -> bool:
    if name.isascii():
        return True
    letters = [sign for sign in name if sign.isalpha()]
    if all(unicodedata.name(sign, '').startswith('LATIN') for sign in letters):
        return True
    if hasattr(tokenizer, 'encode'):  # CLIP's
        return len(tokenizer.encode(name)) < len(letters)
    inner = getattr(tokenizer, 'tokenizer', None)  # of transformers
    unknown = getattr(inner, 'unk_token_id', None)
    return inner is None or unknown is None or unknown not in inner(name).input_ids


def _is_cut(tokenizer: Callable[..., Tensor], sentence: str, row: Tensor) -> bool:
    """Whether a sentence has more tokens than its row [L] holds, if the tokenizer can tell."""
    if hasattr(tokenizer, 'encode') and not row[-1]:  # CLIP's padding is 0, so there was room
        return False
    return (count_tokens(tokenizer, sentence) or 0) > len(row)
