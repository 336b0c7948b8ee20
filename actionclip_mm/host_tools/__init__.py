"""mmaction2's own analysis tools and Python interface on our configs; ``apply`` fixes both."""

from ..compat import Fix

__all__ = ['apply', 'fixes']


def fixes() -> tuple[Fix, ...]:
    """Fixes that only mmaction2's tools and its Python interface need."""
    from .grad_cam import read_clip_towers_in_grad_cam
    from .video_output import write_videos_without_moviepy
    from .visualization import draw_every_video, draw_labels_and_predictions

    return (
        read_clip_towers_in_grad_cam,
        write_videos_without_moviepy,
        draw_labels_and_predictions,
        draw_every_video,
    )


def apply() -> None:
    """Apply these fixes and those of a run; further calls do nothing."""
    from ..compat import at_run
    from ..compat.fixes import is_switched_off

    at_run.apply()
    if not is_switched_off():
        for each in fixes():
            each()
