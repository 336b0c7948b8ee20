"""Agreement with numbers that public code of later methods computed (fp64)."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS

DATA = Path(__file__).parents[1] / 'data'

TOLERANCE = dict(rtol=0, atol=1e-6)


@pytest.fixture(scope='module')
def arrays():
    with np.load(DATA / 'components_golden.npz') as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


def parameters_of(arrays, module):
    start = f'{module}/param/'
    return {name[len(start) :]: value for name, value in arrays.items() if name.startswith(start)}


def adapted_block(arrays, module, prompt, names):
    """A block of a tower with a prompt, and the public code's weights; the tower sees 10 tokens."""
    vision = dict(image_size=48, layers=1, width=32, head_width=8, patch_size=16)
    text = dict(context_length=77, vocab_size=64, width=32, heads=2, layers=1)
    arch = dict(embed_dim=32, quick_gelu=True, vision_cfg=vision, text_cfg=text)
    encoder = MODELS.build(dict(type='CLIPImageEncoder', arch=arch, visual_prompt=prompt)).double()
    block = encoder.visual.transformer.resblocks[0]
    weights, own = {}, {}
    for name, value in parameters_of(arrays, module).items():
        first, _, rest = name.partition('.')
        if first in names:
            own[names[first].format(rest)] = value
        else:
            weights[name] = value
    block.load_state_dict(weights)
    for fresh, public in (('0', 'D_fc1'), ('2', 'D_fc2')):
        own = {name.replace(public, fresh): value for name, value in own.items()}
    missing, unexpected = encoder.visual_prompt.load_state_dict(own, strict=False)
    assert not unexpected and all(name == 'time_embedding' for name in missing)
    encoder.eval().visual_prompt.set_num_frames(int(arrays[f'{module}/frames']))
    return block


@pytest.mark.parametrize(
    'module, prompt, names',
    [
        ('st_adapter', dict(type='STAdapter'), dict(adapter_pre_attn='before_attention.0.{}')),
        (
            'aim',
            dict(type='AIM', num_frames=4),
            dict(
                T_Adapter='blocks.0.temporal.{}',
                S_Adapter='blocks.0.spatial.{}',
                MLP_Adapter='blocks.0.joint.{}',
            ),
        ),
    ],
)
def test_blocks_agree(arrays, module, prompt, names, record_property):
    block = adapted_block(arrays, module, prompt, names)
    y = block(arrays[f'{module}/x'])
    difference = (y - arrays[f'{module}/y']).abs().max().item()
    record_property('agreement', (module, 'tokens', difference))
    torch.testing.assert_close(y, arrays[f'{module}/y'], **TOLERANCE)


@pytest.mark.parametrize('stop', ['released', None])
def test_optimal_transport_agrees(arrays, stop, record_property):
    matcher = MODELS.build(dict(type='OptimalTransportMatcher', stop=stop))
    text = torch.cat([arrays['ost/spatial'], arrays['ost/temporal']], dim=1)  # [C, 2n, D]
    counts = torch.full((len(text),), text.shape[1])
    logits = arrays['ost/scale'] * matcher.pairs(arrays['ost/video'], text, counts)
    difference = (logits - arrays['ost/logits']).abs().max().item()
    if stop == 'released':
        record_property('agreement', ('ost', 'logits', difference))
        assert difference <= 1e-6
    else:  # the released rule stops a little early
        assert 1e-6 < difference < 1e-3
