"""Check that cached frame features cover the lists of a run."""

from collections.abc import Iterator

from ...datasets.transforms import LoadFrameFeatures
from ...utils import list_names
from .view import Finding, RunView, refuse


def frame_features(view: RunView) -> Iterator[Finding]:
    """Refuse lists with videos that have no cached features."""
    for loop in view.loops.values():
        for data in loop.annotations:
            steps = getattr(getattr(data.dataset, 'pipeline', None), 'transforms', None) or []
            for step in steps:
                if not isinstance(step, LoadFrameFeatures):
                    continue
                missing = step.missing([data.info(index) for index in range(len(data))])
                if missing:
                    yield refuse(
                        f"'{step.folder}' lacks {len(missing)} of {len(data)} videos of "
                        f'{data.place} ({list_names(missing)}): run actionclip cache-features on '
                        'this list, into another folder.'
                    )


CHECKS = (frame_features,)
