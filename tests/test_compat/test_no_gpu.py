"""Process groups and mixed precision without a GPU."""

from collections.abc import Callable

import pytest
import torch
from mmengine.dist import utils as dist_utils
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from torch import nn

from actionclip_mm import compat
from actionclip_mm.compat import no_gpu


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), 0.1)


class TestNoGPU:
    """Several processes and mixed precision on the CPU."""

    @pytest.fixture(autouse=True)
    def without_gpu(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(no_gpu, '_without_accelerator', lambda: True)

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

        monkeypatch.setattr(no_gpu, '_without_accelerator', lambda: not gpu)
        monkeypatch.setattr(dist_utils, '_init_dist_pytorch', hosts_own)
        monkeypatch.setattr(MMDistributedDataParallel, '__init__', hosts_own)
        monkeypatch.setattr(AmpOptimWrapper, '__init__', hosts_own)
        compat.gloo_without_gpu()
        compat.amp_without_gpu()
        assert (dist_utils._init_dist_pytorch is hosts_own) is gpu
        assert (MMDistributedDataParallel.__init__ is hosts_own) is gpu
        assert (AmpOptimWrapper.__init__ is hosts_own) is gpu

    @pytest.fixture
    def amp(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AmpOptimWrapper]:
        """The host's wrapper as a machine without a GPU sees it, around one tiny model."""
        if not torch.cuda.is_available():
            return AmpOptimWrapper
        monkeypatch.setattr(
            AmpOptimWrapper, '__init__', no_gpu._amp_on_cpu(AmpOptimWrapper.__init__)
        )
        return AmpOptimWrapper

    @pytest.mark.parametrize('dtype', [None, 'float16'])
    def test_amp_is_refused_in_one_sentence(self, amp: Callable, dtype: str | None) -> None:
        with pytest.raises(RuntimeError, match=r"no GPU .*dtype='bfloat16'") as error:
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
