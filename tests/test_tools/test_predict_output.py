"""What predict.py writes of probabilities and of similarities."""

import json

import pytest

from actionclip_mm.apis import Prediction


@pytest.fixture
def output(load_tool):
    return load_tool('tools/_predict_output.py')


@pytest.mark.parametrize(
    ('scores', 'probabilities', 'lines', 'key'),
    [
        ((0.25, 0.75), True, ['  run    75.00 %', '  wave   25.00 %'], 'probability'),
        ((27.5, 31.25), False, ['  run    31.25', '  wave   27.50'], 'similarity'),
    ],
)
def test_scores_say_what_they_are(output, scores, probabilities, lines, key):
    answer = Prediction('a.mp4', ('wave', 'run'), scores, are_probabilities=probabilities)
    assert output.table(answer, 2).splitlines() == ['a.mp4', *lines]
    (video,) = json.loads(output.as_json([answer], 1, 'w.pth'))['videos']
    assert video['predictions'] == [{'label': 'run', key: max(scores)}]
