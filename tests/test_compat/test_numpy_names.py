"""What of mmaction2 uses names that numpy 2 no longer has works, and numpy is left alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.evaluation import RetrievalRecall, average_recall_at_avg_proposals
from mmaction.registry import TRANSFORMS
from mmaction.utils import frame_extract

NUMPY_2 = int(np.__version__.split('.')[0]) >= 2


def test_skeletons_are_cropped() -> None:
    """PoseC3D's test pipeline; both of its transforms look for the smallest coordinate."""
    keypoint = np.array([[[[10.0, 20.0], [50.0, 60.0]]]], np.float32)  # [person, T, joint, xy]
    results = dict(keypoint=keypoint.copy(), img_shape=(100, 100), total_frames=1)
    compact = TRANSFORMS.build(dict(type='PoseCompact', hw_ratio=1.0, padding=0.25))
    assert compact(results)['img_shape'] == (50, 50)
    both = TRANSFORMS.build(dict(type='MMCompact', hw_ratio=1.0, padding=0.25))
    both = both(dict(keypoint=keypoint, img_shape=(100, 100), imgs=[np.zeros((100, 100, 3))]))
    assert both['img_shape'] == (50, 50)


def test_frames_are_extracted(write_video: Callable[..., Path], tmp_path: Path) -> None:
    video = write_video(tmp_path / 'a.avi')
    _, frames = frame_extract(str(video), short_side=20, out_dir=str(tmp_path / 'out'))
    assert len(frames) > 0 and {min(frame.shape[:2]) for frame in frames} == {20}


def test_recall_of_proposals_and_of_retrieval() -> None:
    truth = {'a': np.array([[0.0, 10.0]])}
    proposals = {'a': np.array([[0.0, 10.0, 1.0], [5.0, 20.0, 0.5]])}
    auc = average_recall_at_avg_proposals(truth, proposals, 2)[3]
    assert auc == pytest.approx(50.5)  # the area begins at the first proposal
    found = RetrievalRecall.calculate(
        [torch.tensor([2, 0, 1])], [torch.tensor([0])], topk=(1, 2), pred_indices=True,
        target_indices=True,
    )  # fmt: skip
    assert [float(recall) for recall in found] == [0, 100]


@pytest.mark.skipif(not NUMPY_2, reason='numpy 1 has the names')
def test_numpy_itself_lacks_them_still() -> None:
    assert not any(hasattr(np, name) for name in ('Inf', 'in1d'))
