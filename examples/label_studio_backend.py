"""Pre-annotate videos in Label Studio: an ML backend that answers with the project's own choices.

    pip install label-studio-ml actionclip_mm
    label-studio-ml create backend && cp examples/label_studio_backend.py backend/model.py
    ACTIONCLIP_ARCH=ViT-B-16 label-studio-ml start backend

Labelling interface of the project (any names; <Choices> and <Video> are what matters):

    <View>
      <Video name="video" value="$video"/>
      <Choices name="action" toName="video">
        <Choice value="hugging"/><Choice value="arm wrestling"/>
      </Choices>
    </View>

ACTIONCLIP_CHECKPOINT names a trained model instead. LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY let
the backend read uploaded files.
"""

import functools
import os
from typing import Any

from label_studio_ml.model import LabelStudioMLBase
from label_studio_ml.response import ModelResponse

from actionclip_mm.apis import ActionCLIPInferencer


@functools.cache
def inferencer() -> ActionCLIPInferencer:
    """The model, loaded once for all projects."""
    checkpoint = os.environ.get('ACTIONCLIP_CHECKPOINT')
    return ActionCLIPInferencer(checkpoint or os.environ.get('ACTIONCLIP_ARCH', 'ViT-B-16'))


class NewModel(LabelStudioMLBase):
    """Zero-shot labels of videos; the class names are the choices of the project."""

    def setup(self) -> None:
        """Name the model, once per project."""
        self.set('model_version', 'actionclip-1')

    def predict(self, tasks: list[dict], context: dict | None = None, **kwargs: Any) -> Any:
        """One prediction per task; an empty one for a video that cannot be read.

        Args:
            tasks: Tasks of Label Studio, whose data has the address of a video.
            context: Of interactive labelling; not used.
            **kwargs: Not used.
        """
        name, video_name, key = self.label_interface.get_first_tag_occurence('Choices', 'Video')
        labels = list(self.label_interface.get_control(name).labels)
        paths = [self.get_local_path(task['data'][key], task_id=task.get('id')) for task in tasks]
        predictions = []
        for answer in inferencer()(paths, labels=labels, none_of_these=False):
            result = dict(from_name=name, to_name=video_name, type='choices')
            found = answer.error is None
            predictions.append(
                dict(
                    model_version=self.get('model_version'),
                    score=answer.top(1)[0][1] if found else 0.0,
                    result=[result | dict(value=dict(choices=[answer.label]))] if found else [],
                )
            )
        return ModelResponse(predictions=predictions)
