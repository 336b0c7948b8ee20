"""Renaming the weights of a state dict by prefixes, in both directions and with nothing lost."""

from collections.abc import Sequence

from torch import Tensor

# (prefix in one layout, prefix in the other); the first that fits a name is applied
Rules = Sequence[tuple[str, str]]

VISUAL = 'backbone.visual.'
TEXT = 'cls_head.label_encoder.text.'
SCALE = 'cls_head.logit_scale'
NECK = 'neck.'
TIME_EMBEDDING = 'backbone.visual_prompt.time_embedding'

# OpenAI's layout, where the text tower stands at the top level -> CLIPRecognizer.
ONE_PIECE: Rules = (
    ('visual.', VISUAL),
    ('transformer.', f'{TEXT}transformer.'),
    ('token_embedding.', f'{TEXT}token_embedding.'),
    ('positional_embedding', f'{TEXT}positional_embedding'),
    ('ln_final.', f'{TEXT}ln_final.'),
    ('text_projection', f'{TEXT}text_projection'),
    ('logit_scale', SCALE),
)

# open_clip's layout of two towers side by side -> CLIPRecognizer.
TWO_TOWERS: Rules = (('visual.', VISUAL), ('text.', TEXT), ('logit_scale', SCALE))


def rename(state: dict[str, Tensor], rules: Rules) -> tuple[dict[str, Tensor], list[str]]:
    """Renames every weight to which a rule applies.

    Args:
        state: Names to tensors.
        rules: Pairs of prefixes, old and new.

    Returns:
        The renamed weights, and the names that no rule knows.
    """
    renamed, unknown = {}, []
    for name, value in state.items():
        for old, new in rules:
            if name.startswith(old):
                renamed[new + name[len(old) :]] = value
                break
        else:
            unknown.append(name)
    return renamed, unknown


def inverse(rules: Rules) -> Rules:
    """The rules of the way back."""
    return [(new, old) for old, new in rules]
