"""Lower precision for inference: weights rounded once, not in every forward pass."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.logging import print_log
from open_clip.model import convert_weights_to_lp
from torch import nn

from ..utils import check_choice

PRECISIONS = {'fp32': torch.float32, 'bf16': torch.bfloat16}


def round_weights(tower: nn.Module, precision: str) -> None:
    """Round the weights of matrix products and convolutions of an image tower, in place.

    Autocast alone rounds every weight in every forward pass: it keeps rounded copies of weights
    with gradients only, and each weight is used once. Run the tower within :func:`computing_in`
    afterwards: results are those of autocast to the bit. Norms and positions stay in fp32. The
    tower must not be trained or saved afterwards. Text towers are left to autocast: they encode
    each sentence once, and with rounded weights their residual stream would be rounded as well.

    Args:
        tower: An image tower in eval mode, such as the backbone of a recognizer.
        precision: ``'bf16'``; ``'fp32'`` does nothing.

    Raises:
        ValueError: Another precision.
    """
    check_choice(precision, tuple(PRECISIONS), 'precision')
    if precision != 'fp32':
        convert_weights_to_lp(tower, PRECISIONS[precision])


@contextmanager
def computing_in(precision: str, device: str | torch.device) -> Iterator[None]:
    """Autocast for a precision on a device; nothing for ``'fp32'``.

    torch's fused attention layer, which rounded weights would select, is off within: it multiplies
    matrices where the plain path has flash attention. Use it with ``torch.no_grad()``, not
    ``torch.inference_mode()``, in which attention in bf16 is several times slower on a CPU.
    """
    if precision == 'fp32':
        yield
        return
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.autocast(torch.device(device).type, dtype=PRECISIONS[precision]):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


def has_fast_bf16(device: str | torch.device) -> bool:
    """Whether a device computes bf16 faster than fp32: a GPU, or a CPU with AVX-512 BF16 or AMX."""
    kind = torch.device(device).type
    if kind != 'cpu':
        return True
    supported = getattr(torch.ops.mkldnn, '_is_mkldnn_bf16_supported', None)
    return supported is not None and bool(supported())


def warn_if_slow(precision: str, device: str | torch.device) -> None:
    """Log a warning if bf16 would be slower than fp32."""
    if precision == 'bf16' and not has_fast_bf16(device):
        print_log(
            'This CPU has no bf16 instructions (AVX-512 BF16, AMX): bf16 is slower than fp32 here.',
            'current',
            30,
        )
