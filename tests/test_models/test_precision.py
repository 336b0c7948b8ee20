"""Mixed precision: what stays in fp32 whatever the towers compute in, and master weights.

Run with autocast of the CPU. On a GPU autocast itself lists softmax, norms and exponentials as fp32
operations, and gradients of fp16 are scaled; both only a GPU can show.
"""

import copy

import open_clip
import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from mmengine.runner import load_checkpoint
from torch import nn

OLD = tuple(map(int, torch.__version__.split('.')[:2])) < (2, 4)
HALVES = [
    torch.bfloat16,
    pytest.param(
        torch.float16, marks=pytest.mark.skipif(OLD, reason='fp16 on a CPU needs a newer torch')
    ),
]


def samples(count=3):
    return [ActionDataSample().set_gt_label(i % 3) for i in range(count)]


def noted(owner, name):
    """Types of the tensors that a method is called with and gives."""
    types, method = [], getattr(owner, name)

    def call(*args):
        result = method(*args)
        types.extend(
            x.dtype
            for x in (*args, result)
            if isinstance(x, torch.Tensor) and x.is_floating_point()
        )
        return result

    setattr(owner, name, call)
    return types


def types_of_outputs(modules):
    types = []
    for module in modules:
        module.register_forward_hook(lambda module, args, output: types.append(output.dtype))
    return types


@pytest.mark.parametrize('half', HALVES)
@pytest.mark.parametrize('loss', ['VideoTextKLLoss', 'VideoAllTextKLLoss'])
def test_training_step(model_cfg, half, loss):
    model_cfg['cls_head']['loss_cls'] = dict(type=loss)
    model = MODELS.build(model_cfg).train()
    rows = noted(model.cls_head.loss_cls, 'row_losses')  # cosines, scale, rows of the loss
    logits = noted(model.cls_head.loss_cls, 'divergence')
    linears = types_of_outputs(m for m in model.modules() if type(m) is nn.Linear)
    inputs = torch.randn(3, 1, 3, 2, 32, 32)
    with torch.autocast('cpu', dtype=half):
        losses = model(inputs, samples(), mode='loss')
    assert linears and set(linears) == {half}, 'nothing was computed in half precision'
    assert rows and set(rows) == {torch.float32}
    assert logits and set(logits) == {torch.float32}
    assert {value.dtype for value in losses.values()} == {torch.float32}
    losses['loss_cls'].backward()
    for name, parameter in model.named_parameters():
        assert parameter.dtype == parameter.grad.dtype == torch.float32, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize('half', HALVES)
@pytest.mark.parametrize('ensemble', ['prob', 'score', 'embed'])
def test_scores(model_cfg, half, ensemble):
    model_cfg['cls_head']['ensemble'] = ensemble
    model = MODELS.build(model_cfg).eval()
    logits = types_of_outputs([model.cls_head])
    inputs = torch.randn(3, 1, 3, 2, 32, 32)
    with torch.no_grad():
        plain = model.predict(inputs, samples())
        with torch.autocast('cpu', dtype=half):
            rounded = model.predict(inputs, samples())
    assert logits == [torch.float32] * 2
    for mine, other in zip(rounded, plain, strict=True):
        assert mine.pred_score.dtype == torch.float32
        torch.testing.assert_close(mine.pred_score, other.pred_score, rtol=0, atol=0.05)


@pytest.mark.parametrize('half', HALVES)
def test_norms_compute_in_fp32(model_cfg, half):
    """A norm over half precision is the norm over fp32, rounded once at its end."""
    model = MODELS.build(model_cfg)
    norms = [module for module in model.modules() if isinstance(module, nn.LayerNorm)]
    assert len(norms) > 5
    for norm in norms:
        x = (100 * torch.randn(4, *norm.normalized_shape) + 50).to(half)
        with torch.autocast('cpu', dtype=half):
            found = norm(x)
        expected = nn.functional.layer_norm(
            x.float(), norm.normalized_shape, norm.weight, norm.bias, norm.eps
        )
        step = torch.finfo(half).eps  # a norm in half precision would be off by many of them
        torch.testing.assert_close(found.float(), expected, rtol=step, atol=1e-4)


@pytest.mark.parametrize('layout', ['openai', 'towers'])
def test_half_weights_become_fp32_master_weights(model_cfg, tiny_arch, tmp_path, layout):
    kind = open_clip.CLIP if layout == 'openai' else open_clip.CustomTextCLIP
    state = kind(**copy.deepcopy(tiny_arch)).half().state_dict()
    torch.save(state, tmp_path / 'half.pt')
    model_cfg['backbone']['pretrained'] = str(tmp_path / 'half.pt')
    model_cfg['cls_head']['label_encoder']['pretrained'] = str(tmp_path / 'half.pt')
    model = MODELS.build(model_cfg)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    weights = model.backbone.visual.conv1.weight
    assert torch.equal(weights, state['visual.conv1.weight'].float())


def test_half_checkpoints_become_fp32_master_weights(model_cfg, tmp_path):
    model = MODELS.build(model_cfg)
    state = {name: value.half() for name, value in model.state_dict().items()}
    torch.save(dict(state_dict=state), tmp_path / 'half.pth')
    load_checkpoint(model, str(tmp_path / 'half.pth'), map_location='cpu', strict=True)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert torch.equal(model.cls_head.logit_scale, state['cls_head.logit_scale'].float())


@pytest.mark.parametrize('amp', [False, True])
def test_one_step_in_pieces_is_one_step_of_the_batch(model_cfg, amp):
    """The whole way of the runner, with clipped gradients: weights after the step agree."""
    if amp and torch.cuda.is_available():
        pytest.skip('autocast would take the GPU')
    inputs = [torch.randint(0, 256, (1, 3, 2, 32, 32), dtype=torch.uint8) for _ in range(5)]
    results = []
    for size in (None, 2):
        torch.manual_seed(0)
        model_cfg['micro_batch_size'] = model_cfg['cls_head']['label_encoder'][
            'micro_batch_size'
        ] = size
        model = MODELS.build(model_cfg).train()
        before = copy.deepcopy(model.state_dict())
        options = dict(
            optimizer=torch.optim.SGD(model.parameters(), lr=1.0), clip_grad=dict(max_norm=0.5)
        )
        wrapper = AmpOptimWrapper(dtype='bfloat16', **options) if amp else OptimWrapper(**options)
        torch.manual_seed(1)
        log = model.train_step(dict(inputs=inputs, data_samples=samples(5)), wrapper)
        steps = {name: value - before[name] for name, value in model.state_dict().items()}
        results.append((log['loss'].item(), steps))
    (loss, steps), (loss_in_pieces, steps_in_pieces) = results
    assert loss_in_pieces == pytest.approx(loss, abs=1e-5)
    length = sum(step.double().square().sum() for step in steps.values()).sqrt()
    assert length == pytest.approx(0.5, rel=1e-3), 'gradients were not clipped'
    # bfloat16 keeps 8 bits, and gradients of pieces are rounded before they are summed
    allowed = 2**-8 if amp else 1e-5
    for name, step in steps.items():
        difference = (steps_in_pieces[name] - step).abs().max().item()
        assert difference <= allowed * max(1.0, step.abs().max().item()), name
