"""``actionclip features`` and ``actionclip search``: shards, spans, resuming, the right clips."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger

from actionclip_mm.apis import ActionCLIPInferencer
from actionclip_mm.cli import features, search
from actionclip_mm.features import FeatureIndex, FeatureStore, FeatureWriter
from actionclip_mm.utils.carried_files import carried

SAMPLES = sorted(Path(carried('data/mini_clip/samples')).glob('*.mp4'))
NAMES = [path.stem.replace('_', ' ') for path in SAMPLES]


@pytest.fixture(scope='module', autouse=True)
def logger():
    """Created before a test replaces stdout, which the logger keeps."""
    return MMLogger.get_current_instance()


@pytest.fixture
def call(capsys):
    """Function that runs a command in this process: exit code, lines of stdout and stderr."""

    def run(command, *argv):
        try:
            code = command.main([str(arg) for arg in argv])
        except SystemExit as stop:
            code = stop.code
        printed = capsys.readouterr()
        return SimpleNamespace(
            code=code, out=printed.out.splitlines(), err=printed.err.splitlines()
        )

    return run


@pytest.fixture
def clips(tmp_path):
    """A folder with the sample clips and a file that is not a video."""
    folder = tmp_path / 'clips'
    folder.mkdir()
    for path in SAMPLES:
        shutil.copy(path, folder)
    (folder / 'broken.mp4').write_text('not a video')
    return folder


def test_search_finds_each_clip_by_its_name(call, clips, tmp_path):
    made = call(features, clips, '--out', tmp_path / 'f', '--arch', 'mini', '--npy',
                tmp_path / 'all.npy', '--shard-size', 2)  # fmt: skip
    assert made.code == 1, made.err
    assert 'f: 4 videos of' in made.out[0]
    assert made.out[1].startswith(f'BAD {clips}/broken.mp4: ') and len(made.out) == 2
    found = call(search, tmp_path / 'f', *NAMES, '--topk', 2, '--json', tmp_path / 'hits.json')
    assert found.code == 0, found.err
    assert found.out[::3] == NAMES
    assert [line.split()[-1] for line in found.out[1::3]] == [
        str(clips / path.name) for path in SAMPLES
    ]
    hits = json.loads((tmp_path / 'hits.json').read_text())['queries']
    assert [set(hit) for each in hits for hit in each['hits']] == [{'score', 'video'}] * 8
    matrix = np.load(tmp_path / 'all.npy')
    names = json.loads((tmp_path / 'all.json').read_text())
    assert names == [str(clips / path.name) for path in SAMPLES]
    encoded = ActionCLIPInferencer('mini').encode_video([str(path) for path in SAMPLES])
    np.testing.assert_allclose(matrix, encoded.numpy(), atol=1e-6)
    only = call(search, tmp_path / 'f', NAMES[0], '--json', '-')
    assert json.loads('\n'.join(only.out))['queries'][0]['query'] == NAMES[0]


def test_another_model_is_refused(call, tmp_path):
    store = tmp_path / 'f'
    assert call(features, SAMPLES[0], '--out', store, '--arch', 'mini').code == 0
    reference = json.loads((store / 'model.json').read_text())
    assert reference['arch'] == 'mini' and reference['precision'] == 'fp32'
    model = ActionCLIPInferencer('mini')
    with torch.no_grad():
        model.model.cls_head.logit_scale.add_(1)
    model = ActionCLIPInferencer(model.model, labels=['a', 'b'])
    model.save_pretrained(tmp_path / 'other')
    other = call(search, store, 'a door', '--checkpoint', tmp_path / 'other')
    assert other.code == 2 and 'features are of another model (model.weights' in other.err[-1]
    more = call(features, SAMPLES[0], '--out', store, '--checkpoint', tmp_path / 'other')
    assert more.code == 2 and 'holds other features (key.model.weights' in more.err[-1]
    (store / 'model.json').unlink()
    assert 'the model is unknown' in call(search, store, 'a door').err[-1]
    assert call(search, store, 'a door', '--arch', 'mini').code == 0


def test_spans_of_a_video(call, write_video, tmp_path):
    video = write_video(tmp_path / 'a clip 3-4.mp4')
    out = tmp_path / 'f'
    made = call(features, video, '--out', out, '--arch', 'mini', '--window', 0.4, '--stride', 0.2)
    assert made.code == 0, made.err
    store = FeatureStore(out)
    spans = [name.removeprefix(f'{video} ') for name in store.names]
    assert spans[:2] == ['0-0.4', '0.2-0.6']
    found = call(search, out, 'a door', '--topk', 1).out[1]
    assert f'{video}  ' in found and found.endswith(' s')
    # the frames of a span are those of the video that it names
    pipeline = features_pipeline()
    inferencer = ActionCLIPInferencer(ActionCLIPInferencer('mini').model, pipeline)
    from actionclip_mm.apis.inputs import Source

    clip = inferencer.read(Source(str(video), segment=(0.2, 0.6)))
    assert min(clip.frames) >= int(0.2 * clip.fps) and max(clip.frames) <= int(0.6 * clip.fps) + 1
    row = inferencer.matcher.encode_videos([clip])[0]
    torch.testing.assert_close(store[store.names[1]], row, atol=1e-6, rtol=0)


def features_pipeline():
    from actionclip_mm.features.videos import with_spans

    return with_spans(ActionCLIPInferencer('mini').read.pipeline)


def test_an_interrupted_run_goes_on_with_the_same_bytes(tmp_path, monkeypatch):
    """Killed after its first shard, then shared by two processes: the files do not differ."""
    (tmp_path / 'list.txt').write_text('\n'.join(map(str, SAMPLES)))
    argv = ['@list.txt', '--arch', 'mini', '--shard-size', '1', '--workers', '0']
    killed = f"""
import os, signal, sys
from actionclip_mm.features import FeatureWriter
write = FeatureWriter.write
def write_one(self, *args):
    write(self, *args)
    os.kill(os.getpid(), signal.SIGKILL)
FeatureWriter.write = write_one
from actionclip_mm.cli import features
features.main({[*argv, '--out', 'b']!r})
"""
    done = subprocess.run([sys.executable, '-c', killed], cwd=tmp_path, capture_output=True)
    assert done.returncode == -9, done.stderr
    assert len(list((tmp_path / 'b').glob('*.safetensors'))) == 1
    monkeypatch.chdir(tmp_path)
    assert features.main([*argv, '--out', 'b', '--shard', '1/2']) == 0
    assert features.main([*argv, '--out', 'b', '--shard', '0/2']) == 0
    assert features.main([*argv, '--out', 'a']) == 0
    files = sorted(os.listdir('a'))
    assert files == sorted(os.listdir('b')) and len(files) == 4 + 2
    for name in files:
        assert Path('a', name).read_bytes() == Path('b', name).read_bytes(), name


@pytest.mark.parametrize(
    'argv, message',
    [
        (['--out', 'f'], 'no videos were given'),
        (['@gone.txt', '--out', 'f'], "no such list of videos: 'gone.txt'"),
        ([SAMPLES[0], '--out', 'f', '--stride', '2'], '--stride needs --window'),
        (
            [SAMPLES[0], '--out', 'f', '--window', '0'],
            'must be a positive number of seconds, got 0',
        ),
        ([SAMPLES[0], '--out', 'f', '--npy', 'x.txt'], '--npy must end with .npy'),
        ([SAMPLES[0], '--out', 'f', '--shard', '2/2'], 'must be I/N'),
    ],
)
def test_wrong_calls(call, argv, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = call(features, *argv)
    assert result.code == 2 and message in result.err[-1]
    assert not list(tmp_path.iterdir())


def test_features_of_another_kind_are_refused(call, tmp_path):
    writer = FeatureWriter(tmp_path, ['a'], dict(tower={}))
    writer.write(writer.pending()[0], torch.randn(1, 2, 3))
    with pytest.raises(ValueError, match='features of another kind'):
        FeatureIndex(tmp_path)
    assert 'must be exact, faiss' in call(search, tmp_path, 'a', '--index', 'annoy').err[-1]
