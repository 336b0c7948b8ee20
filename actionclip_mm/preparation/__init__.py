"""From a data set's own files to annotation lists: what the tools/data/<dataset>/prepare.py share.

How a data set is added
-----------------------

Write ``tools/data/<dataset>/prepare.py`` with a subclass of :class:`Preparation` that is handed to
:func:`run`, as ``tools/data/ucf101/prepare.py`` shows. The subclass says

* ``name``, ``title``, ``classes`` and ``sizes``: the published numbers of classes and of videos,
  by the name of the list. ``fixed = False`` where copies differ (Kinetics), so numbers are
  compared but not binding;
* ``read(args)``: reads the official files and returns a :class:`Plan`: the class names in id order,
  the :class:`VideoList` s to write, and the rows that could not be used. A :class:`ListedVideo` has
  the path under which the video is listed officially and the text that follows the path in our list
  (class ids, or any other numbers);
* only where the default does not fit: ``add_arguments`` (more options), ``split_folder`` (videos in
  several folders), ``key`` (what makes a file name and a listed name the same video).

Everything else is done here: scanning the folder, matching, the decoding check with its cache, the
links, lists, reports, the table of numbers and the exit code. ``reading`` has the readers of text,
CSV and JSON files, whose errors name the file and the line.

Neither videos nor lists of a user are copied, moved, changed or deleted.
"""

from .command import run
from .plan import ListedVideo, Plan, Preparation, VideoList, in_folder_or_flat
from .reading import find_file, read_csv, read_lines

__all__ = [
    'ListedVideo',
    'Plan',
    'Preparation',
    'VideoList',
    'find_file',
    'in_folder_or_flat',
    'read_csv',
    'read_lines',
    'run',
]
