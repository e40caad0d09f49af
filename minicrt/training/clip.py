"""Clipping of the gradient by its norm over all parameters together."""

from minicrt.arguments import check_number
from minicrt.array_arguments import check_real
from minicrt.errors import InputError


def clip_factor(limit: float, norm: float) -> float:
    """g ← g · min(1, limit / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ has it; limit 0: no clipping."""
    check_number("limit", limit, 0)
    check_real("norm", norm)
    if norm < 0:
        raise InputError(f"norm is {norm}, expected 0 or more")
    return min(1.0, limit / (norm + 1e-6)) if limit else 1.0
