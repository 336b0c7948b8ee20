"""Process groups and mixed precision without a GPU; attention with a mask under autocast."""

from collections.abc import Callable

import pytest
import torch
from mmengine.dist import utils as dist_utils
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from torch import Tensor, nn
from torch.nn import functional

from actionclip_mm.compat import Fix, training
from actionclip_mm.utils import RunRefused


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), 0.1)


class TestNoGPU:
    """Several processes and mixed precision on the CPU."""

    @pytest.fixture(autouse=True)
    def without_gpu(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(training, '_without_accelerator', lambda: True)

    def test_process_group_and_wrapper(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
    ) -> None:
        if torch.cuda.is_available():
            pytest.skip('there is a GPU')
        for key, value in dict(RANK='0', LOCAL_RANK='0', WORLD_SIZE='1', MASTER_PORT='0').items():
            monkeypatch.setenv(key, value)
        monkeypatch.setenv('MASTER_ADDR', '127.0.0.1')
        dist_utils._init_dist_pytorch('nccl')
        try:
            assert torch.distributed.get_backend() == 'gloo'
            assert 'gloo instead of nccl' in capsys.readouterr().out
            model = MMDistributedDataParallel(nn.Linear(2, 2), device_ids=[0])
            assert model(torch.ones(1, 2)).shape == (1, 2)
        finally:
            torch.distributed.destroy_process_group()

    @pytest.mark.parametrize('gpu', [True, False])
    def test_leaves_a_machine_with_a_gpu_alone(
        self, gpu: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def hosts_own(*args: object, **kwargs: object) -> None:
            pass

        monkeypatch.setattr(training, '_without_accelerator', lambda: not gpu)
        monkeypatch.setattr(dist_utils, '_init_dist_pytorch', hosts_own)
        monkeypatch.setattr(MMDistributedDataParallel, '__init__', hosts_own)
        monkeypatch.setattr(AmpOptimWrapper, '__init__', hosts_own)
        for fix in (training.train_distributed_on_cpu, training.allow_bfloat16_amp_on_cpu):
            Fix(fix.replace, training._without_accelerator)()
        assert (dist_utils._init_dist_pytorch is hosts_own) is gpu
        assert (MMDistributedDataParallel.__init__ is hosts_own) is gpu
        assert (AmpOptimWrapper.__init__ is hosts_own) is gpu

    @pytest.fixture
    def amp(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AmpOptimWrapper]:
        """The host's wrapper as a machine without a GPU sees it, around one tiny model."""
        if not torch.cuda.is_available():
            return AmpOptimWrapper
        monkeypatch.setattr(
            AmpOptimWrapper, '__init__', training._amp_on_cpu(AmpOptimWrapper.__init__)
        )
        return AmpOptimWrapper

    @pytest.mark.parametrize('dtype', [None, 'float16'])
    def test_amp_is_refused_in_one_sentence(self, amp: Callable, dtype: str | None) -> None:
        with pytest.raises(RunRefused, match=r"no GPU .*dtype='bfloat16'") as error:
            amp(optimizer=sgd(nn.Linear(2, 2)), dtype=dtype)
        assert '\n' not in str(error.value)

    @pytest.mark.parametrize('use_fsdp', [False, True])  # mmengine's FSDP strategy sets it
    def test_amp_in_bfloat16_if_asked_for(self, amp: Callable, use_fsdp: bool) -> None:
        if torch.cuda.is_available():
            pytest.skip('autocast would take the GPU')
        model = nn.Linear(4, 1)
        plain = nn.Linear(4, 1)
        plain.load_state_dict(model.state_dict())
        x, seen = torch.randn(8, 4), []
        for net, wrapper in (
            (model, amp(optimizer=sgd(model), dtype='bfloat16', use_fsdp=use_fsdp)),
            (plain, OptimWrapper(sgd(plain))),
        ):
            with wrapper.optim_context(net):
                output = net(x)
            seen.append(output.dtype)
            wrapper.update_params(output.float().square().mean())
            wrapper.load_state_dict(wrapper.state_dict())
        assert seen == [torch.bfloat16, torch.float32]
        torch.testing.assert_close(model.weight, plain.weight, rtol=0.02, atol=0.02)


CAUSAL = torch.full((4, 4), float('-inf')).triu(1)


@pytest.fixture
def torch_2_1(monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Attention that takes no mask of another type, whatever autocast says."""
    attend = functional.scaled_dot_product_attention

    def strict(
        query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, *args: object
    ) -> Tensor:
        if attn_mask is not None and attn_mask.dtype not in (torch.bool, query.dtype):
            raise RuntimeError('Expected attn_mask dtype to be bool or to match query dtype')
        return attend(query, key, value, attn_mask, *args)

    monkeypatch.setattr(functional, 'scaled_dot_product_attention', strict)
    return strict


def test_masks_follow_the_query(torch_2_1: Callable) -> None:
    attention, x = nn.MultiheadAttention(8, 2), torch.randn(4, 3, 8)
    # where weights are asked for, torch does not take this way
    plain = attention(x, x, x, attn_mask=CAUSAL, need_weights=False)[0]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        with pytest.raises(RuntimeError, match='match query dtype'):
            attention(x, x, x, attn_mask=CAUSAL, need_weights=False)
        training.cast_attention_masks.replace()
        rounded = attention(x, x, x, attn_mask=CAUSAL, need_weights=False)[0]
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.float(), plain, rtol=0.05, atol=0.02)
    again = attention(x, x, x, attn_mask=CAUSAL, need_weights=False)[0]
    assert torch.equal(again, plain), 'without autocast nothing changes'


def test_masks_of_yes_and_no_stay(torch_2_1: Callable) -> None:
    assert training.cast_attention_masks.look()
    training.cast_attention_masks.replace()
    mended = functional.scaled_dot_product_attention
    assert mended is not torch_2_1
    x = torch.randn(1, 2, 4, 8)
    expected = torch_2_1(x, x, x, CAUSAL == 0)
    assert torch.equal(mended(x, x, x, CAUSAL == 0), expected)
    assert torch.equal(mended(x, x, x, attn_mask=CAUSAL), expected)
    assert torch.equal(mended(x, x, x), torch_2_1(x, x, x))


def test_newer_versions_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def attend(*args: Tensor, attn_mask: Tensor) -> Tensor:
        return args[0]

    monkeypatch.setattr(functional, 'scaled_dot_product_attention', attend)
    assert not training.cast_attention_masks.look()


def test_this_version_takes_masks() -> None:
    old = tuple(map(int, torch.__version__.split('.')[:2])) < (2, 2)
    assert not training.cast_attention_masks.look()  # any more
    assert training.cast_attention_masks.is_applied is old
