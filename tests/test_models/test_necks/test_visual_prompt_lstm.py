"""LSTM: the past decides, the future does not."""

import torch

from actionclip_mm.models.necks import LSTMPrompt


def test_no_frame_sees_the_future():
    neck, x = LSTMPrompt(16), torch.randn(2, 6, 16)
    torch.testing.assert_close(neck.temporal(x)[:, :4], neck.temporal(x[:, :4]))


def test_one_frame_is_itself_and_one_step():
    neck, x = LSTMPrompt(16), torch.randn(2, 1, 16)
    torch.testing.assert_close(neck(x)[0], x[:, 0] + neck.lstm_visual(x)[0][:, 0])


def test_layers():
    assert 'lstm_visual.weight_ih_l1' in LSTMPrompt(8, num_layers=2).state_dict()
