"""Conv1D starts as a temporal shift and takes released files."""

import torch

from actionclip_mm.models.necks import Conv1DPrompt


def test_it_starts_as_a_temporal_shift():
    x = torch.randn(2, 5, 10)
    shifted = x.clone()  # 10 channels: 2 from t-1, 6 stay, 2 from t+1
    shifted[:, 1:, :2], shifted[:, 0, :2] = x[:, :-1, :2], 0
    shifted[:, :-1, 8:], shifted[:, -1, 8:] = x[:, 1:, 8:], 0
    neck = Conv1DPrompt(10)
    torch.testing.assert_close(neck.temporal(x), shifted)
    torch.testing.assert_close(neck(x)[0], (x + shifted).mean(dim=1))


def test_time_is_what_it_convolves():
    """A kernel that adds neighbours up gives every frame of a still video the same sum."""
    neck = Conv1DPrompt(4)
    neck.shift.weight.data.fill_(1)
    still = torch.randn(1, 1, 4).expand(1, 6, 4)
    torch.testing.assert_close(neck.temporal(still)[:, 1:-1], 3 * still[:, 1:-1])


def test_unused_table_of_released_files_is_left_out_and_logged(monkeypatch):
    lines = []
    monkeypatch.setattr(
        'actionclip_mm.models.load_hooks.print_log', lambda line, *_: lines.append(line)
    )
    neck = Conv1DPrompt(8)
    released = {
        'frame_position_embeddings.weight': torch.zeros(77, 8),
        'shift.weight': torch.ones(8, 1, 3),
    }
    neck.load_state_dict(released, strict=True)
    assert len(released) == 2  # the caller's own dict is not touched
    assert neck.shift.weight.eq(1).all()
    assert lines == [
        'frame_position_embeddings.weight of the checkpoint was dropped: Conv1DPrompt does not '
        'use it.'
    ]
    assert set(neck.state_dict()) == {'shift.weight'}
