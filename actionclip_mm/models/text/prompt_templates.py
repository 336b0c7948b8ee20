"""Textual prompts as data: templates whose ``{}`` is filled with a label (section 3.3, fig. 2a)."""

from collections.abc import Sequence
from pathlib import Path

# The released code's templates in its order, which released weights were trained with.
ACTIONCLIP_16 = (
    'a photo of action {}',
    'a picture of action {}',
    'Human action of {}',
    '{}, an action',
    '{} this is an action',
    '{}, a video of action',
    'Playing action of {}',
    '{}',
    'Playing a kind of action, {}',
    'Doing a kind of action, {}',
    'Look, the human is {}',
    'Can you recognize the action of {}?',
    'Video classification of {}',
    'A video of {}',
    'The man is {}',
    'The woman is {}',
)

PRESETS: dict[str, tuple[str, ...]] = {
    'label_only': ('{}',),
    'video_of': ('A video of {}',),
    'actionclip16': ACTIONCLIP_16,
}


def read_templates(templates: str | Sequence[str]) -> tuple[str, ...]:
    """Templates from a preset name, a text file (one per line) or a list.

    Args:
        templates: Name in :data:`PRESETS`, path, or the templates themselves.

    Returns:
        The templates, each with exactly one ``{}``.

    Raises:
        ValueError: No template, or one without ``{}``.
        FileNotFoundError: A string that is neither a preset nor a file.
    """
    if isinstance(templates, str):
        if templates in PRESETS:
            return PRESETS[templates]
        if not Path(templates).is_file():
            raise FileNotFoundError(
                f"templates='{templates}' is neither a preset ({', '.join(PRESETS)}) nor a file: "
                'set one of these or a list of templates.'
            )
        lines = Path(templates).read_text(encoding='utf-8').splitlines()
        templates = [line.strip() for line in lines if line.strip()]
    templates = tuple(templates)
    if not templates:
        raise ValueError('There is no template: give at least one, such as "A video of {}".')
    for template in templates:
        if not isinstance(template, str) or template.count('{}') != 1:
            raise ValueError(
                f'The template {template!r} must hold {{}} exactly once, where the label goes: '
                'mend it.'
            )
    return templates
