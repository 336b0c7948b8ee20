"""Draw predictions on frames: ``actionclip test … --show-dir DIR`` (or ``--show``).

mmaction2's VisualizationHook permutes [V, 3, T, H, W] as if it were one clip, and passes ``show``
although its visualizer expects ``show_frames``. This subclass passes both correctly.
"""

import os.path as osp
from collections.abc import Sequence

import numpy as np
import torch
from mmaction.engine.hooks import VisualizationHook
from mmaction.registry import HOOKS
from mmaction.structures import ActionDataSample
from mmengine.runner import Runner
from mmengine.structures import LabelData
from torch import Tensor


@HOOKS.register_module()
class VideoVisualizationHook(VisualizationHook):
    """Write the frames of each video's first view, with its label and the predicted one.

    Folders are named after the video if ``meta_keys`` of PackActionInputs has ``'filename'``,
    otherwise after its index in the data set.

    Args:
        kwargs: As in mmaction2's VisualizationHook (``enable``, ``interval``, ``out_dir``, …).
    """

    def before_val(self, runner: Runner) -> None:
        """Take the class names of the model, and reset the index of videos."""
        self.num_seen = 0  # batch_idx * batch size would be wrong in the last, smaller batch
        model = getattr(runner.model, 'module', runner.model)
        encoder = getattr(getattr(model, 'cls_head', None), 'label_encoder', None)
        self.labels = list(getattr(encoder, 'labels', []))
        if self.draw_args.get('out_type') in ('video', 'gif'):
            from ...host_tools.video_output import write_videos_without_moviepy

            write_videos_without_moviepy()

    before_test = before_val

    def _draw_samples(
        self,
        batch_idx: int,
        data_batch: dict,
        data_samples: Sequence[ActionDataSample],
        step: int = 0,
    ) -> None:
        if not self.enable:
            return
        if self.labels:
            self._visualizer.dataset_meta = dict(classes=self.labels)
        draw_args = {key: value for key, value in self.draw_args.items() if key != 'show'}
        samples = zip(data_batch['inputs'], data_samples, strict=True)
        for index, (video, sample) in enumerate(samples, start=self.num_seen):
            self.num_seen = index + 1
            if index % self.interval:
                continue
            path = sample.get('filename', sample.get('frame_dir', str(index)))
            name = osp.basename(path)
            if self.out_dir is not None:
                draw_args['out_path'] = osp.join(self.out_dir, name)
            self._visualizer.add_datasample(
                name,
                video=first_view(video),
                data_sample=drawable(sample),
                show_frames=self.show,
                step=step,
                **draw_args,
            )


def drawable(sample: ActionDataSample) -> ActionDataSample:
    """Copy labels and scores of a sample to the names that the visualizer expects.

    A label of -1 (no label) is omitted.
    """
    copy = sample.new()
    if 'gt_label' in sample:
        label = torch.as_tensor(sample.gt_label).flatten()
        if (label >= 0).all():
            copy.gt_label = copy.gt_labels = label
    if 'pred_score' in sample:
        score = torch.as_tensor(sample.pred_score).float().cpu()
        copy.pred_labels = LabelData(item=torch.argmax(score).reshape(1), score=score)
    return copy


def first_view(video: Tensor) -> np.ndarray:
    """Frames [T, H, W, 3] of the first view of a packed input.

    Args:
        video: [V, 3, T, H, W], or [T, 3, H, W] as mmaction2's 2D recognizers take it.
    """
    frames = video[0].permute(1, 2, 3, 0) if video.dim() == 5 else video.permute(0, 2, 3, 1)
    return np.ascontiguousarray(frames.cpu().numpy().astype(np.uint8))  # [T, H, W, 3]
