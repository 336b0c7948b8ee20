"""The written config: pipelines of the shipped recipe, views that the protocols ask for."""

from pathlib import Path

import open_clip
import pytest
from mmengine.config import Config

from actionclip_mm.clip.weight_files import write_weights
from actionclip_mm.converters import Converted, Hints, convert, write_config_text
from actionclip_mm.converters.visual_prompt import VisualPrompt
from actionclip_mm.protocols.plan import make_plan
from actionclip_mm.protocols.request import Request
from actionclip_mm.utils.data_configs import set_num_frames

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


@pytest.mark.parametrize('frames', [8, 32])
def test_videos_are_read_as_by_the_shipped_configs(frames: int) -> None:
    prompt = VisualPrompt(None, dict(type='MeanPPrompt', in_channels=512), None, [])
    converted = Converted('openai', {}, 'ViT-B-16', prompt, Hints())
    text = write_config_text(converted, 'a.pt', 'a.py', 'a.pth', num_frames=frames)
    written = Config.fromstring(text, '.py')
    recipe = Config.fromfile(CONFIGS / '_base_' / 'datasets' / 'kinetics400.py')
    set_num_frames(recipe, frames)
    assert written.test_pipeline == recipe.test_pipeline
    assert written.multi_view_pipeline == recipe.multi_view_pipeline
    assert written.test_dataloader.dataset.pipeline == written.test_pipeline


def test_the_clip_and_its_width_are_written_once(tmp_path: Path, monkeypatch) -> None:
    """And the config is read from any folder, without this package's bases."""
    neck = dict(type='MeanPPrompt', in_channels=512)
    converted = Converted('openai', {}, 'ViT-B-16', VisualPrompt(None, neck, None, []), Hints())
    text = write_config_text(converted, 'a.pt', 'a.py', 'a.pth')
    assert text.count('ViT-B-16') == 1 and text.count('512') == 1 and '_base_' not in text
    (tmp_path / 'a.py').write_text(text)
    monkeypatch.chdir(tmp_path)
    assert Config.fromfile('a.py').model.backbone.arch == 'ViT-B-16'


def test_protocols_of_10_clips_and_3_crops_take_it(arch: dict, tmp_path: Path) -> None:
    text_cfg = dict(arch['text_cfg'], vocab_size=49408)  # of the tokenizer that reads templates
    clip = open_clip.CLIP(**{**arch, 'text_cfg': text_cfg})
    converted = convert(dict(clip.state_dict()), 'openai')
    write_weights(tmp_path / 'a.safetensors', converted.state, {})
    (tmp_path / 'a.py').write_text(write_config_text(converted, 'a.pt', 'a.py', 'a.safetensors'))
    folder = tmp_path / 'data' / 'kinetics400'
    (folder / 'videos_val').mkdir(parents=True)
    (folder / 'labels.txt').write_text('clap\nwave\n')
    (folder / 'kinetics400_val_list_videos.txt').write_text('a.mp4 0\nb.mp4 1\n')
    for protocol, views, average in (('k400_10x3', (10, 3), 'score'), ('k400_1x1', (1, 1), 'prob')):
        request = Request(
            protocol,
            checkpoints=[tmp_path / 'a.safetensors'],
            config=tmp_path / 'a.py',
            data_root=tmp_path / 'data',
        )
        plan = make_plan(request, CONFIGS)
        assert (plan.test.clips, plan.test.crops) == views
        assert plan.test.average_clips == average
        crop = 'ThreeCrop' if views == (10, 3) else 'CLIPCenterCrop'
        assert plan.test.crop == (dict(type=crop, crop_size=32),)
        assert plan.test.resize[-1]['scale'][-1] == (32 if views == (10, 3) else 36)


@pytest.mark.parametrize('frames', [0, -2, 41])
def test_frames_that_no_position_table_has(frames: int) -> None:
    neck = dict(type='TransfPrompt', in_channels=512, num_positions=40)
    converted = Converted('actionclip', {}, 'ViT-B-16', VisualPrompt(None, neck, None, []), Hints())
    with pytest.raises(ValueError, match=f'--frames must be a positive integer.*got {frames}'):
        write_config_text(converted, 'a.pt', 'a.py', 'a.pth', num_frames=frames)
