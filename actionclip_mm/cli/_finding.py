"""What a check of ``actionclip doctor`` reports."""

from dataclasses import dataclass

OK, FIXED, WARNING, BROKEN = 'ok', 'fixed', 'warning', 'broken'


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        status: ``ok``, ``fixed``, ``warning`` or ``broken``.
        text: What was found.
        advice: What to do, empty if nothing.
    """

    status: str
    text: str
    advice: str = ''
