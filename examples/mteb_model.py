"""Measure a model with MTEB (version 2): its encoder interface for videos and texts.

    pip install 'mteb[video]' actionclip_mm

    import mteb
    from mteb_model import ActionCLIPEncoder

    model = ActionCLIPEncoder(ActionCLIPInferencer('ViT-B-16'), 'openai/actionclip-vit-b-16')
    mteb.evaluate(model, mteb.get_tasks(modalities=['video']))

Videos go through the test pipeline of the inferencer, texts are encoded as they are.
"""

from typing import Any

import torch
from mteb.models.abs_encoder import AbsEncoder
from mteb.models.modality_collators import FramesCollator
from mteb.models.model_meta import ModelMeta

from actionclip_mm.apis import ActionCLIPInferencer


class ActionCLIPEncoder(AbsEncoder):
    """An encoder of videos and texts.

    Args:
        inferencer: The model.
        name: ``organization/model``, under which MTEB keeps the results.
        templates: Prompt templates of texts. Defaults to ``'label_only'``, the texts as they are.
        num_frames: Frames that MTEB decodes of each video, evenly. None, the default, decodes all,
            and the pipeline samples them.
    """

    def __init__(
        self,
        inferencer: ActionCLIPInferencer,
        name: str,
        templates: str = 'label_only',
        num_frames: int | None = None,
    ) -> None:
        self.inferencer, self.templates, self.num_frames = inferencer, templates, num_frames
        self.mteb_model_meta = ModelMeta.create_empty(
            overwrites=dict(name=name, revision='1', modalities=['video', 'text'])
        )

    def encode(self, inputs: Any, **_: Any) -> torch.Tensor:
        """Normalised embeddings [N, D]; of rows with a video and a text, their sum.

        Args:
            inputs: Loader of batches with ``video`` ([T, 3, H, W] each), ``text`` or both.
            **_: Task, split, prompt type and further options of MTEB; not used.
        """
        if 'video' in inputs.dataset.features:
            inputs.collate_fn = FramesCollator(num_frames=self.num_frames)
        return torch.cat([self._batch(batch) for batch in inputs])

    def _batch(self, batch: dict[str, Any]) -> torch.Tensor:
        found = []
        if 'video' in batch:
            videos = [torch.as_tensor(video).permute(0, 2, 3, 1) for video in batch['video']]
            found.append(self.inferencer.encode_video(videos))
        if 'text' in batch:
            found.append(self._texts(list(batch['text'])))
        if not found:
            raise ValueError(f'MTEB gave {sorted(batch)}: tasks with video or text are supported.')
        return sum(found[1:], found[0])

    def _texts(self, texts: list[str]) -> torch.Tensor:
        # class names must differ and be short, sentences of a task need not
        alike = [' '.join(text[:1000].lower().split()) or '.' for text in texts]
        names = list(dict.fromkeys(alike))
        rows = {name: row for row, name in enumerate(names)}
        encoded = self.inferencer.encode_text(names, self.templates)
        return encoded[[rows[name] for name in alike]]
