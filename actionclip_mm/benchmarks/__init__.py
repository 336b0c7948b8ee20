"""Public data sets, one descriptor each.

To add a data set, write its descriptor and add it to ``BENCHMARKS``: ``actionclip prepare``, cards
and protocols find it there. A data set in a known layout needs no reader of its own.
"""

import difflib

from .benchmark import AnnotationList, Benchmark, PublishedList, Split
from .charades import CHARADES
from .hmdb51 import HMDB51
from .kinetics400 import KINETICS400
from .kinetics600 import KINETICS600
from .mini import MINI
from .ssv2 import SSV2
from .ucf101 import UCF101

__all__ = [
    'BENCHMARKS',
    'AnnotationList',
    'Benchmark',
    'PublishedList',
    'Split',
    'get_benchmark',
    'published_lists',
]

BENCHMARKS: dict[str, Benchmark] = {
    each.name: each for each in (UCF101, HMDB51, KINETICS400, KINETICS600, SSV2, CHARADES, MINI)
}


def get_benchmark(name: str) -> Benchmark:
    """Return the descriptor of a data set.

    Raises:
        ValueError: Unknown name; lists the known ones.
    """
    if name not in BENCHMARKS:
        near = difflib.get_close_matches(name.lower(), BENCHMARKS, 1)
        hint = f" (did you mean '{near[0]}'?)" if near else ''
        raise ValueError(f"Unknown data set '{name}'{hint}: choose from {', '.join(BENCHMARKS)}.")
    return BENCHMARKS[name]


def published_lists() -> dict[str, PublishedList]:
    """Return the published lists of all data sets by name."""
    return {name: each for b in BENCHMARKS.values() for name, each in b.published.items()}
