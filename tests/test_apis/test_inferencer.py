"""ActionCLIPInferencer: agreement with open_clip, invariances, trained models, refusals."""

import json
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image

from actionclip_mm import ActionCLIPInferencer
from actionclip_mm.apis import NONE_OF_THESE, VideoError
from actionclip_mm.apis import inputs as input_kinds
from actionclip_mm.apis.video_reading import default_pipeline, pipeline_of_config
from actionclip_mm.clip import build_clip, get_tokenizer
from actionclip_mm.decoding import Video
from actionclip_mm.models.heads.score_pooling import ScorePooling

LABELS = ['arm wrestling', 'flipping pancake', 'hugging']


@pytest.fixture
def inferencer(tiny_arch, clip_file):
    return ActionCLIPInferencer.from_clip(
        LABELS, tiny_arch, clip_file, templates=['{}', 'A video of {}'], num_frames=4, num_clips=2
    )


@torch.no_grad()
def test_zero_shot_is_what_open_clip_computes(inferencer, tiny_arch, clip_file, video):
    clip = build_clip(tiny_arch, clip_file).eval()
    mean, std = (torch.tensor(x).view(3, 1, 1) for x in inferencer.model.backbone.preprocess[:2])
    views = inferencer.read(video).data['inputs'].float().transpose(1, 2)  # [V, T, 3, H, W]
    frames = clip.encode_image(((views - mean) / std).flatten(0, 1))  # [V·T, D]
    videos = F.normalize(frames.unflatten(0, (2, 4)).mean(dim=1), dim=-1)  # [V, D]
    probabilities = []
    for template in ('{}', 'A video of {}'):
        tokens = get_tokenizer(tiny_arch)([template.format(label) for label in LABELS])
        texts = clip.encode_text(tokens, normalize=True)  # [C, D]
        probabilities.append((100 * videos @ texts.T).softmax(dim=-1).mean(dim=0))
    expected = torch.stack(probabilities).mean(dim=0)  # [C]
    answer = inferencer(video)
    torch.testing.assert_close(torch.tensor(answer.scores), expected, rtol=1e-4, atol=1e-5)
    assert answer.labels == tuple(LABELS) and answer.video == video


def test_order_of_labels_does_not_matter(inferencer, video):
    before = dict(inferencer(video).top())
    after = dict(inferencer(video, labels=LABELS[::-1]).top())
    assert after == pytest.approx(before, abs=1e-5)
    assert inferencer.labels == tuple(LABELS), 'labels belong to the call'


@pytest.mark.parametrize('batch_size', [2, 5])
def test_batches_answer_as_single_videos(inferencer, write_video, tmp_path, batch_size):
    videos = [str(write_video(tmp_path / f'{i}.mp4')) for i in range(3)]
    videos.insert(1, str(tmp_path / 'gone.mp4'))
    single = inferencer(videos)
    inferencer.batch_size = batch_size
    together = inferencer(videos)
    assert [answer.video for answer in together] == videos
    assert [answer.error for answer in together] == [answer.error for answer in single]
    assert 'no such file' in together[1].error and together[1].scores == ()
    for one, other in zip(single, together, strict=True):
        assert other.scores == pytest.approx(one.scores, abs=1e-5)


@pytest.mark.parametrize('options', [dict(), dict(workers=3), dict(batch_size=2, workers=1)])
def test_decoding_ahead_changes_no_answer(inferencer, write_video, tmp_path, options):
    videos = [str(write_video(tmp_path / f'{i}.mp4')) for i in range(7)]
    videos.insert(3, str(tmp_path / 'gone.mp4'))
    inferencer.batch_size, inferencer.workers = 1, 0
    plain = inferencer(videos)
    inferencer.batch_size, inferencer.workers = options.get('batch_size'), options.get('workers')
    ahead = list(inferencer.stream(videos))
    assert [answer.video for answer in ahead] == videos
    assert ahead[3].error == plain[3].error and 'no such file' in ahead[3].error
    for one, other in zip(plain, ahead, strict=True):
        assert other.scores == pytest.approx(one.scores, abs=1e-5)
    copy = pickle.loads(pickle.dumps(inferencer))
    assert copy(videos[0]).scores == pytest.approx(plain[0].scores, abs=1e-5)
    stream = inferencer.stream(videos)
    assert next(stream).video == videos[0]
    stream.close()  # the rest is not decoded
    features = inferencer.encode_video(videos[:3])
    torch.testing.assert_close(features[2], inferencer.encode_video(videos[2])[0])


def test_bf16_changes_scores_little(tiny_arch, clip_file, video, tmp_path):
    options = dict(arch=tiny_arch, pretrained=clip_file, num_frames=4, templates=['{}'])
    plain = ActionCLIPInferencer.from_clip(LABELS, **options)
    rounded = ActionCLIPInferencer.from_clip(LABELS, **options, precision='bf16')
    before, after = (torch.tensor(each(video).cosines) for each in (plain, rounded))
    torch.testing.assert_close(after, before, rtol=0, atol=0.01)
    assert not torch.equal(after, before)
    with pytest.raises(ValueError, match="precision='bf16' has rounded the weights"):
        rounded.save_pretrained(tmp_path / 'folder')
    with pytest.raises(ValueError, match='precision must be'):
        ActionCLIPInferencer.from_clip(LABELS, **options, precision='fp16')


def test_one_video_raises_and_many_do_not(inferencer, tmp_path, video):
    with pytest.raises(VideoError, match='no such file'):
        inferencer(tmp_path / 'gone.mp4')
    bad, good = inferencer([str(tmp_path / 'gone.mp4'), video])
    assert bad.error and good.error is None


def test_a_trained_model(trained, video):
    inferencer = ActionCLIPInferencer.from_config(trained.config, trained.checkpoint)
    assert inferencer.labels == ('one', 'two', 'three')
    answer = inferencer(video)
    assert sum(answer.scores) == pytest.approx(1)
    other = ActionCLIPInferencer.from_config(
        trained.config, trained.checkpoint, labels=['three', 'one'], templates='label_only'
    )
    assert len(other(video).scores) == 2
    expected = dict(inferencer(video, ['three', 'one'], 'label_only').top())
    assert dict(other(video).top()) == pytest.approx(expected, abs=1e-6)


def test_the_test_pipeline_of_the_config_is_used(trained, video, tmp_path):
    pipeline = default_pipeline((32, 32), num_frames=3)
    for place in (
        dict(test_pipeline=pipeline),
        dict(test_dataloader=dict(dataset=dict(pipeline=pipeline))),
        dict(test_dataloader=dict(dataset=dict(dataset=dict(pipeline=pipeline)))),
    ):
        path = tmp_path / 'with_pipeline.py'
        text = '\n'.join(f'{name} = {value!r}' for name, value in place.items())
        path.write_text(Path(trained.config).read_text() + text)
        inferencer = ActionCLIPInferencer.from_config(path, trained.checkpoint)
        assert inferencer.read(video).data['inputs'].shape[2] == 3
    inferencer = ActionCLIPInferencer.from_config(trained.config, trained.checkpoint)
    assert inferencer.read(video).data['inputs'].shape == (1, 3, 8, 32, 32)


def test_a_head_with_fixed_classes(tiny_arch, video):
    cfg = dict(
        type='CLIPRecognizer',
        backbone=dict(type='CLIPImageEncoder', arch=tiny_arch),
        neck=dict(type='MeanPPrompt', in_channels=32),
        cls_head=dict(type='TimeSformerHead', num_classes=4, in_channels=32, average_clips='prob'),
    )
    with DefaultScope.overwrite_default_scope('mmaction'):
        model = MODELS.build(cfg)
    inferencer = ActionCLIPInferencer(model, default_pipeline((32, 32)))
    assert inferencer(video).labels == ('class 0', 'class 1', 'class 2', 'class 3')
    with pytest.raises(ValueError, match='TimeSformerHead are fixed'):
        inferencer(video, labels=['a', 'b'])


def test_views_that_the_head_keeps_are_averaged(trained, video):
    trained.model.cls_head.pool_scores = lambda logits: logits.softmax(dim=-1).mean(dim=2)
    inferencer = ActionCLIPInferencer(trained.model, default_pipeline((32, 32), num_clips=3))
    answer = inferencer(video)
    assert len(answer.scores) == 3 and sum(answer.scores) == pytest.approx(1)


@pytest.mark.parametrize('kwargs', [dict(num_frames=0), dict(num_clips=0), dict(batch_size=0)])
def test_numbers_below_one(tiny_arch, kwargs):
    with pytest.raises(ValueError, match=f'{next(iter(kwargs))} must be a positive integer, got 0'):
        ActionCLIPInferencer.from_clip(LABELS, tiny_arch, None, **kwargs)


def test_bad_labels_leave_the_good_ones(inferencer, video):
    with pytest.raises(ValueError, match='no class names'):
        inferencer(video, labels=[])
    assert inferencer(video).labels == tuple(LABELS)


def test_no_head(trained):
    with pytest.raises(ValueError, match='must be a recognizer with a cls_head'):
        ActionCLIPInferencer(torch.nn.Linear(2, 2), default_pipeline((32, 32)))


def test_a_multi_label_model_gives_similarities(trained, video):
    head = trained.model.cls_head
    assert ActionCLIPInferencer(trained.model, default_pipeline((32, 32)))(video).are_probabilities
    head.scores, head.pool_scores = 'similarity', ScorePooling('prob', 'prob', 'similarity')
    answer = ActionCLIPInferencer(trained.model, default_pipeline((32, 32)))(video)
    assert not answer.are_probabilities
    assert sum(answer.scores) != pytest.approx(1, abs=0.1)


def test_frames_are_resized_as_the_tower_was_trained(trained):
    """SigLIP's towers squash frames, CLIPA's interpolate linearly; CLIP's way is the default."""
    tower = trained.model.backbone
    usual = pipeline_of_config(Config(dict()), trained.model)
    assert usual == default_pipeline(tower.preprocess.size)
    tower.preprocess = tower.preprocess._replace(interpolation='bilinear', resize_mode='squash')
    steps = pipeline_of_config(Config(dict()), trained.model)
    (resize,) = (step for step in steps if step['type'] == 'CLIPResize')
    assert resize == dict(
        type='CLIPResize', interpolation='bilinear', scale=(32, 32), keep_ratio=False
    )
    assert 'CLIPCenterCrop' not in [step['type'] for step in steps]


def frames_of(path: str) -> np.ndarray:
    """All frames of a video, uint8 [T, H, W, 3]."""
    video = Video(path)
    return np.stack(video.read(range(len(video.index))))


def test_every_kind_of_input_is_the_same_video(inferencer, video, tmp_path):
    frames = frames_of(video)
    folder = tmp_path / 'videos'
    folder.mkdir()
    shutil.copy(video, folder / 'a.mp4')
    expected = pytest.approx(inferencer(video).scores, abs=1e-5)
    images = [Image.fromarray(frame) for frame in frames]
    single = [
        Path(video),
        frames,
        torch.from_numpy(frames),
        images,
        list(frames),
        (frame for frame in frames),
        iter(images),
    ]
    for inputs in single:
        assert inferencer(inputs).scores == expected
    for inputs in ([video], str(folder), f'{folder}/*.mp4', frames[None], [frames], [images]):
        (answer,) = inferencer(inputs)
        assert answer.scores == expected
    assert [answer.video for answer in inferencer([frames, video, images])] == [
        'video 0', video, 'video 2',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('inputs', 'error', 'said'),
    [
        ([], ValueError, 'must not be an empty list'),
        (3, TypeError, r'inputs must be a path.*got int'),
        ([0], TypeError, r'cameras \(0\) are not supported'),
        ('/nowhere/*.mp4', FileNotFoundError, r'No file matches'),
        ('https://example.org/a.mp4', VideoError, 'URLs are not supported'),
        (np.zeros((2, 8, 8, 3)), ValueError, r'must be uint8 \[T, H, W, 3\].*got float64'),
        (np.zeros((2, 3, 8, 8), np.uint8), ValueError, r'got uint8 \[2, 3, 8, 8\]'),
        (iter([]), ValueError, 'no frames'),
        (iter(['a']), TypeError, 'must be PIL images or arrays'),
    ],
)
def test_other_inputs_are_refused(inferencer, inputs, error, said):
    with pytest.raises(error, match=said):
        inferencer(inputs)


def test_a_long_iterator_is_thinned_out_evenly(monkeypatch):
    monkeypatch.setattr(input_kinds, 'MOST_FRAMES', 8)
    frames = (np.full((2, 2, 3), number, np.uint8) for number in range(100))
    ((source,), single) = input_kinds.read_inputs(frames)
    numbers = source.frames[:, 0, 0, 0].tolist()
    assert single and numbers == list(range(0, 100, 16))


def test_labels_of_threads_do_not_mix(inferencer, write_video, tmp_path):
    videos = [str(write_video(tmp_path / f'{i}.mp4')) for i in range(3)]
    lists = [LABELS, ['a', 'b'], ['indoors', 'outdoors', 'neither', 'both'], LABELS[::-1]]
    expected = {
        (v, i): inferencer(video, labels) for v, video in enumerate(videos)
        for i, labels in enumerate(lists)
    }  # fmt: skip

    def ask(number: int) -> bool:
        key = (number % 3, number % 4)
        answer = inferencer(videos[key[0]], lists[key[1]])
        wanted = expected[key]
        return answer.labels == wanted.labels and answer.scores == pytest.approx(
            wanted.scores, abs=1e-6
        )

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(400))) == 400


def test_pickles_answer_the_same(inferencer, video):
    again = pickle.loads(pickle.dumps(inferencer))
    assert again(video).scores == pytest.approx(inferencer(video).scores, abs=1e-6)
    answer = pickle.loads(pickle.dumps(inferencer(video, embeddings=True)))
    assert answer.images() is None and answer.plot() is not None
    assert answer.embedding.shape == (32,)


def test_a_single_label_is_not_certain(inferencer, video):
    answer = inferencer(video, ['hugging'])
    assert answer.scores[0] < 1 and answer.notes
    assert answer.scores[0] + answer.none_of_these == pytest.approx(1)
    assert inferencer(video, ['hugging'], none_of_these=False).scores == (1.0,)


def test_neutral_sentences_take_their_share_and_keep_the_order(inferencer, video):
    plain, answer = inferencer(video), inferencer(video, none_of_these=True)
    assert sum(answer.scores) + answer.none_of_these == pytest.approx(1)
    assert [label for label, _ in answer.top()] == [label for label, _ in plain.top()]


def test_a_threshold_on_the_cosine(inferencer, video):
    plain = inferencer(video)
    best = max(plain.cosines)
    assert inferencer(video, none_of_these=best - 0.01).label == plain.label
    assert inferencer(video, none_of_these=best + 0.01).label == NONE_OF_THESE
    with pytest.raises(ValueError, match=r'none_of_these must be True or in \[-1, 1\], got 2'):
        inferencer(video, none_of_these=2)


def test_features_give_the_cosines(inferencer, video):
    answer = inferencer(video, embeddings=True)
    text = inferencer.encode_text(LABELS)
    cosines = inferencer.similarity(inferencer.encode_video(video), text)
    torch.testing.assert_close(cosines[0], torch.from_numpy(answer.embedding) @ text.T)
    assert cosines.shape == (1, 3) and text.norm(dim=-1) == pytest.approx([1] * 3, abs=1e-5)


def test_frames_carry_their_times_and_average_to_the_video(inferencer, video):
    answer = inferencer(video)
    assert answer.frames.cosines.shape == (4, 3)
    assert list(answer.frames.indices) == sorted(answer.frames.indices)
    assert answer.frames.seconds is not None and answer.frames.seconds[0] >= 0


def test_temperature_makes_scores_less_extreme(tiny_arch, clip_file, video):
    scores = [
        ActionCLIPInferencer.from_clip(LABELS, tiny_arch, clip_file, temperature=t)(video)
        for t in (1.0, 4.0)
    ]
    assert max(scores[1].scores) < max(scores[0].scores)
    assert scores[1].label == scores[0].label


def test_labels_must_come_from_somewhere(tiny_arch, clip_file, video):
    inferencer = ActionCLIPInferencer.from_clip(None, tiny_arch, clip_file)
    assert inferencer.labels is None
    with pytest.raises(ValueError, match='labels must be given'):
        inferencer(video)
    assert inferencer(video, LABELS).labels == tuple(LABELS)


def test_other_scripts_are_noted(inferencer, video):
    (note,) = inferencer(video, ['打篮球', 'hugging']).notes
    assert '打篮球' in note and 'hugging' not in note
    assert not inferencer(video, ['señor', 'hugging']).notes


def test_ten_thousand_labels(inferencer, video):
    labels = [f'action number {index}' for index in range(10_000)]
    answer = inferencer(video, labels, 'label_only')
    assert len(answer.scores) == 10_000 and sum(answer.scores) == pytest.approx(1, abs=1e-3)


def test_plots_and_dicts(inferencer, video, tmp_path):
    answer = inferencer(video, none_of_these=True, embeddings=True, topk=2)
    answer.plot(tmp_path / 'answer.png')
    assert Image.open(tmp_path / 'answer.png').size[0] > 300
    content = json.loads(json.dumps(answer.to_dict()))
    assert len(content['top']) == 2 and content['label'] == answer.label
    assert len(content['frames']['cosines']) == 4 and len(content['embedding']) == 32
    (failed,) = inferencer([str(tmp_path / 'gone.mp4')])
    assert set(failed.to_dict()) == {'video', 'error'}
    with pytest.raises(ValueError, match='A failed video has no label: .*no such file'):
        failed.label  # noqa: B018


def test_the_mini_clip_answers_without_a_download(video):
    inferencer = ActionCLIPInferencer('mini')
    assert inferencer(video, ['a red circle', 'a blue square']).label
