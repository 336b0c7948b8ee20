"""mmaction2's Python interface and TensorBoard on a config of this package."""

import argparse
import re
from pathlib import Path

import pytest
from mmaction.apis import MMAction2Inferencer, inference_recognizer, init_recognizer
from mmengine.config import Config, DictAction
from mmengine.runner import Runner

from actionclip_mm import host_tools

pytestmark = pytest.mark.slow


def test_init_and_inference(config: Path, checkpoint: Path, video: str) -> None:
    model = init_recognizer(str(config), str(checkpoint), device='cpu')
    result = inference_recognizer(model, video)
    assert result.pred_score.sum().item() == pytest.approx(1, abs=1e-5)


def test_inferencer(
    config: Path, checkpoint: Path, video: str, nine_videos: Path, tmp_path: Path
) -> None:
    host_tools.apply()
    labels = tmp_path / 'labels.txt'
    labels.write_text('clap hands\nfall down\narm wrestling\n')
    # the inferencer replaces decoders by the host's
    text = config.read_text().replace('DecordInit', 'VideoInit')
    config.write_text(text.replace('DecordDecode', 'VideoDecode'))
    inferencer = MMAction2Inferencer(
        str(config), str(checkpoint), device='cpu', label_file=str(labels)
    )
    videos = [video, str(sorted(nine_videos.glob('*.mp4'))[1])]
    answers = inferencer(videos, vid_out_dir=str(tmp_path / 'drawn'), out_type='video')
    ours = [
        inference_recognizer(init_recognizer(str(config), str(checkpoint), device='cpu'), path)
        for path in videos
    ]
    for answer, own in zip(answers['predictions'], ours, strict=True):
        assert answer['rec_scores'][0] == pytest.approx(own.pred_score.tolist(), abs=1e-5)
    assert len(list((tmp_path / 'drawn').glob('*.mp4'))) == 2


def test_tensorboard(config: Path, tmp_path: Path) -> None:
    pytest.importorskip('tensorboard', reason='an extra of mmengine, among our test requirements')
    text = (Path(__file__).parents[2] / 'docs' / 'host_tools.md').read_text(encoding='utf-8')
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    (option,) = re.findall(r'--cfg-options (visualizer\.[^`]+)`', text)
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(vars(parser.parse_args(['--cfg-options', option]))['cfg_options'])
    cfg.merge_from_dict(dict(work_dir=str(tmp_path / 'run'), train_cfg=dict(max_epochs=1)))
    Runner.from_cfg(cfg).train()
    assert list((tmp_path / 'run').rglob('events.out.tfevents.*'))
