"""``actionclip predict --jsonl``: resumed, repaired, refused; lists of videos."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from mmengine.logging import MMLogger

from actionclip_mm.apis import ActionCLIPInferencer, Prediction
from actionclip_mm.cli import predict
from actionclip_mm.cli._answer_lines import AnswerLines
from actionclip_mm.utils.carried_files import carried

SAMPLES = sorted(map(str, Path(carried('data/mini_clip/samples')).glob('*.mp4')))
LABELS = ['dotted blue square', 'four green circles']


@pytest.fixture(scope='module', autouse=True)
def logger():
    """Created before a test replaces stdout, which the logger keeps."""
    return MMLogger.get_current_instance()


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Function: exit code of a call with the mini CLIP that writes answers.jsonl."""
    monkeypatch.chdir(tmp_path)

    def run(*argv, labels=LABELS):
        try:
            return predict.main([*argv, '--arch', 'mini', '--jsonl', 'answers.jsonl', '--labels',
                                 *labels])  # fmt: skip
        except SystemExit as stop:
            return stop.code

    return run


def lines():
    return [json.loads(line) for line in Path('answers.jsonl').read_text().splitlines()]


def test_a_second_run_goes_on(call, capsys, monkeypatch):
    Path('broken.mp4').write_text('not a video')
    Path('list.txt').write_text('\n'.join(['broken.mp4', *SAMPLES[:3], '', SAMPLES[0]]))
    stream = ActionCLIPInferencer.stream

    def stop_after_two(*args, **kwargs):
        for number, answer in enumerate(stream(*args, **kwargs)):
            if number == 2:
                raise KeyboardInterrupt
            yield answer

    with monkeypatch.context() as patch:
        patch.setattr(ActionCLIPInferencer, 'stream', stop_after_two)
        with pytest.raises(
            KeyboardInterrupt, match="2 of 4 videos are answered in 'answers.jsonl'"
        ):
            call('@list.txt')
    header, *entries = lines()
    assert header['labels'] == LABELS and len(header['weights']['weights']) == 64
    assert [entry['video'] for entry in entries] == ['broken.mp4', SAMPLES[0]]
    with open('answers.jsonl', 'a') as file:
        file.write('{"video": "cut sho')
    assert call('--videos-file', 'list.txt') == 1  # broken.mp4
    assert '2 videos are answered' in capsys.readouterr().err
    assert [entry['video'] for entry in lines()[1:]] == ['broken.mp4', *SAMPLES[:3]]
    assert lines()[2]['predictions'][0]['label'] == LABELS[0]
    before = Path('answers.jsonl').read_bytes()
    assert call('@list.txt') == 1 and Path('answers.jsonl').read_bytes() == before
    Path('broken.mp4').write_bytes(Path(SAMPLES[3]).read_bytes())
    assert call('@list.txt', '--retry-errors') == 0
    assert [entry['video'] for entry in lines()[5:]] == ['broken.mp4']
    assert call('@list.txt') == 0


def test_answers_of_another_call_are_refused(call, capsys):
    assert call(SAMPLES[0]) == 0
    before = Path('answers.jsonl').read_bytes()
    assert call(SAMPLES[1], labels=['a', 'b']) == 2
    assert 'holds answers of another call (labels[0]' in capsys.readouterr().err
    assert call(SAMPLES[1], '--num-frames', '4') == 2
    assert 'of another call (pipeline' in capsys.readouterr().err
    assert Path('answers.jsonl').read_bytes() == before
    assert call(SAMPLES[0], '--json', 'x.json') == 2
    assert 'give only one of them' in capsys.readouterr().err


HEADER = dict(labels=['a'], version='1')
ANSWER = Prediction('a.mp4', ('a',), (1.0,))


def write(path, *answers):
    file = AnswerLines(str(path), HEADER, 5)
    for answer in answers:
        file.append(answer)
    file.close()
    return file.answered


def test_every_cut_is_repaired(tmp_path):
    path = tmp_path / 'x.jsonl'
    write(path, ANSWER, replace(ANSWER, video='b \udcff.mp4', error='broken'))
    content = path.read_bytes()
    for length in range(len(content) + 1):
        path.write_bytes(content[:length])
        answered = write(path)
        complete = content[:length].count(b'\n')
        assert list(answered.values()) == [True, False][: max(complete - 1, 0)]
        write(
            path, *[ANSWER, replace(ANSWER, video='b \udcff.mp4', error='broken')][len(answered) :]
        )
        assert path.read_bytes() == content


@pytest.mark.parametrize('content', [b'my notes', b'my notes\n', b'{"format": 1}\n', b'[]'])
def test_other_files_are_left_alone(content, tmp_path):
    (tmp_path / 'x').write_bytes(content)
    with pytest.raises(ValueError, match='does not hold answers'):
        write(tmp_path / 'x')
    assert (tmp_path / 'x').read_bytes() == content


def test_damage_and_a_second_process(tmp_path):
    path = tmp_path / 'x.jsonl'
    file = AnswerLines(str(path), HEADER, 5)
    with pytest.raises(OSError, match='another process writes'):
        AnswerLines(str(path), HEADER, 5)
    file.close()
    write(path, ANSWER)
    path.write_bytes(path.read_bytes() + b'nonsense\n')
    with pytest.raises(ValueError, match='line 3 of .* is damaged'):
        write(path)
    assert write(tmp_path / 'y.jsonl') == {}
    (tmp_path / 'y.jsonl').write_text((tmp_path / 'y.jsonl').read_text().replace('"1"', '"2"'))
    assert write(tmp_path / 'y.jsonl') == {}  # another version of the package goes on
