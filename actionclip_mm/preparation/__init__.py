"""From official archives to annotation lists: ``actionclip prepare NAME``.

To add a data set, write its descriptor in :mod:`actionclip_mm.benchmarks`. Its ``layout`` names the
reader of its official files in ``LAYOUTS``. A new layout is a subclass of :class:`Preparation`:

* ``read(args)`` reads the official files and returns a :class:`Plan`: the class names in id order,
  the :class:`VideoList` s to write, and the rows that could not be used;
* only where the default does not fit: ``add_arguments`` (more options), ``split_folder`` (videos in
  several folders), ``key`` (what makes a file name and a listed name the same video).

The rest is shared: scanning the folder, matching, the decoding check with its cache, links, lists,
reports and the exit code. Videos and lists of a user are never copied, moved, changed or deleted.
"""

from ..benchmarks import Benchmark
from .base import ListedVideo, Plan, Preparation, VideoList
from .charades import CharadesPreparation
from .hmdb51 import HMDB51Preparation
from .kinetics import KineticsPreparation
from .run import prepare
from .ssv2 import SSv2Preparation
from .ucf101 import UCF101Preparation

__all__ = [
    'LAYOUTS',
    'ListedVideo',
    'Plan',
    'Preparation',
    'VideoList',
    'make_preparation',
    'prepare',
]

LAYOUTS: dict[str, type[Preparation]] = dict(
    ucf101=UCF101Preparation,
    hmdb51=HMDB51Preparation,
    kinetics=KineticsPreparation,
    ssv2=SSv2Preparation,
    charades=CharadesPreparation,
)


def make_preparation(benchmark: Benchmark) -> Preparation:
    """Build the reader of a data set's official files."""
    return LAYOUTS[benchmark.layout](benchmark)
