"""Answers: the model's own numbers, escaped texts, one sentence for errors, uploads deleted."""

import os
import re
from collections.abc import Callable
from html import escape
from pathlib import Path

import numpy as np
import pytest

from actionclip_mm import ActionCLIPInferencer
from actionclip_mm.models.text import PRESETS
from actionclip_mm.serving import Answerer, Limits, Uploads
from actionclip_mm.serving.limits import MODEL_TEMPLATES, OWN_TEMPLATES
from actionclip_mm.utils.carried_files import carried

BLUE = carried('data/mini_clip/samples') / 'three_blue_triangles.mp4'
LABELS = 'three red circles\nthree blue triangles\nfour green circles'


OWN = 'a video of {}'


@pytest.fixture
def answerer(inferencer: ActionCLIPInferencer, uploads: Uploads) -> Answerer:
    return Answerer(inferencer, Limits(labels=5, templates=3, seconds=20), uploads)


def rows(html: str) -> dict[str, str]:
    """Labels and their scores as shown, best first."""
    return dict(re.findall(r'class="name" title="([^"]*)".*?class="score">([^<]*)<', html))


def test_the_answer_shows_what_the_inferencer_computes(
    answerer: Answerer, mini: ActionCLIPInferencer
) -> None:
    html = answerer(str(BLUE), LABELS, 'cloze', OWN, True)
    wanted = mini(str(BLUE), LABELS.splitlines(), 'cloze', none_of_these=True)
    scores = dict(wanted.top(), **{'none of these': wanted.none_of_these})
    assert rows(html) == {name: f'{100 * score:.1f} %' for name, score in scores.items()}
    assert next(iter(rows(html))) == wanted.label and wanted.top(1)[0][0] == 'three blue triangles'
    assert html.count('<figure') == len(wanted.frames.indices) == 8
    assert html.count('class="strongest"') == 1 and '<figcaption>1.12 s<' in html
    for template in PRESETS['cloze']:
        assert f'<li>{template.format("three blue triangles")}</li>' in html
    assert '<li>something else</li>' in html


def test_templates_of_the_model_and_own_ones(answerer: Answerer) -> None:
    html = answerer(str(BLUE), LABELS, MODEL_TEMPLATES, OWN, False)
    assert 'none of these' not in html and '<small>16 sentences</small>' in html
    html = answerer(str(BLUE), LABELS, OWN_TEMPLATES, 'look, {}!\n\n a {} ', False)
    assert '<li>look, three blue triangles!</li>' in html and '2 sentences' in html


@pytest.mark.parametrize('text', ['<script>alert(1)</script>', '<img src=x onerror="a()">', '\'"&'])
def test_texts_of_visitors_are_escaped(answerer: Answerer, text: str) -> None:
    html = answerer(str(BLUE), f'{text}\nblue', OWN_TEMPLATES, f'{text} {{}}', True)
    assert 'class="answer"' in html and text not in html and html.count(escape(text)) >= 4
    problem = answerer(str(BLUE), 'blue', text, OWN, True)
    assert 'class="problem"' in problem and text not in problem


def test_an_upload_is_deleted_after_its_answer(
    answerer: Answerer, upload: Callable, uploads: Uploads
) -> None:
    path = upload(BLUE)
    assert 'class="problem"' in answerer(path, '', 'cloze', OWN, True)
    assert os.path.exists(path)  # the visitor corrects the labels
    first = answerer(path, LABELS, 'cloze', OWN, True)
    assert not os.path.exists(path) and uploads.size() == 0
    assert answerer(path, LABELS, 'cloze', OWN, True) == first  # from the frames in memory
    other = answerer(path, 'red\nblue', 'cloze', OWN, True)
    assert 'class="answer"' in other and other != first


def test_frames_are_forgotten(inferencer: ActionCLIPInferencer, uploads: Uploads) -> None:
    answerer = Answerer(inferencer, Limits(keep_minutes=0), uploads)
    copy = Path(uploads.folder, 'clip.mp4')
    copy.write_bytes(BLUE.read_bytes())
    assert 'class="answer"' in answerer(str(copy), LABELS, 'cloze', OWN, True)
    assert 'This upload was deleted' in answerer(str(copy), LABELS, 'cloze', OWN, True)


def test_samples_are_kept(answerer: Answerer) -> None:
    answerer(str(BLUE), LABELS, 'cloze', OWN, True)
    assert BLUE.exists()


@pytest.mark.parametrize(
    'labels, preset, templates, said',
    [
        (' \n', 'cloze', '', 'Type at least one label, one per line.'),
        ('a,b,c,d,e,f', 'cloze', '', 'At most 5 labels are allowed, got 6.'),
        ('x' * 201, 'cloze', '', 'A label may have 200 characters'),
        ('red\nred', 'cloze', '', 'red'),
        ('red', '/etc/passwd', '', 'Unknown preset'),
        ('red', OWN_TEMPLATES, '', 'Type at least one template'),
        ('red', OWN_TEMPLATES, 'no place', 'must contain {} once'),
        ('red', OWN_TEMPLATES, '{}\n' * 4, 'At most 3 templates are allowed, got 4.'),
    ],
)
def test_bad_texts_get_one_sentence(
    answerer: Answerer, labels: str, preset: str, templates: str, said: str
) -> None:
    html = answerer(str(BLUE), labels, preset, templates, True)
    assert html.startswith('<div class="problem" role="alert">') and said in html


def test_bad_videos_get_one_sentence_and_are_deleted(
    answerer: Answerer, upload: Callable, no_videos: dict[Path, str], write_video: Callable,
    tmp_path: Path, uploads: Uploads,
) -> None:  # fmt: skip
    for file, said in no_videos.items():
        if not file.is_file():
            continue
        html = answerer(upload(file), LABELS, 'cloze', OWN, True)
        assert html == f'<div class="problem" role="alert">{file.name}: {said}</div>'
    long = write_video(tmp_path / 'long.mp4', np.zeros((24, 48, 64, 3)), fps=1)
    html = answerer(upload(long), LABELS, 'cloze', OWN, True)
    assert 'long.mp4: it lasts 24 s, at most 20 s are allowed' in html
    assert uploads.size() == 0


def test_files_elsewhere_are_not_answered(
    answerer: Answerer, uploads: Uploads, write_video: Callable, tmp_path: Path
) -> None:
    secret = write_video(tmp_path / 'secret.mp4')
    link = Path(uploads.folder, 'link.mp4')
    link.symlink_to(secret)
    for path in (secret, link, f'{uploads.folder}/../secret.mp4', '/etc/passwd', '0', 'http://a/b'):
        assert 'This upload was deleted' in answerer(str(path), LABELS, 'cloze', OWN, True)
    assert 'Choose a video' in answerer(None, LABELS, 'cloze', OWN, True)
    assert secret.exists()


def test_a_failure_is_logged_and_named(
    answerer: Answerer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(answerer, 'inferencer', lambda *args, **kwargs: 1 / 0)
    html = answerer(str(BLUE), LABELS, 'cloze', OWN, True)
    assert 'The server failed' in html and 'Zero' not in html
    assert 'ZeroDivisionError' in capsys.readouterr().err


def test_long_videos_get_a_timeline(
    inferencer: ActionCLIPInferencer, uploads: Uploads, upload: Callable, write_video: Callable,
    tmp_path: Path,
) -> None:  # fmt: skip
    answerer = Answerer(inferencer, Limits(), uploads)
    long = write_video(tmp_path / 'long.mp4', np.zeros((24, 48, 64, 3)), fps=1)
    html = answerer(upload(long), '<b>\nred', 'cloze', OWN, True)
    assert 'left:0.000%;width:100.000%' in html and '0:00 – 0:24' in html
    assert '<b>' not in html.split('Timeline')[1]
    assert 'Timeline' not in answerer(str(BLUE), 'red', 'cloze', OWN, True)


def test_a_model_without_texts_is_refused(uploads: Uploads, model_cfg: dict) -> None:
    class Fixed:
        model = type('Model', (), {'cls_head': object()})

    with pytest.raises(ValueError, match='The page needs a VideoTextHead: object has no texts'):
        Answerer(Fixed(), Limits(), uploads)
