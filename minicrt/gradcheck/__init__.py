"""Check a hand-written gradient: complex step, central differences, or random directions for whole models.

`minicrt.gradcheck` is this package; the functions are `check`, `check_operation` (for the form of minicrt.ops) and
`check_model`, in it.

    from minicrt.gradcheck import check

    def forward(x, w):
        return np.tanh(x @ w)

    def backward(d_y, x, w):
        d_a = d_y * (1 - np.tanh(x @ w) ** 2)
        return d_a @ w.T, x.T @ d_a

    report = check(forward, backward, [x, w], rng=np.random.default_rng(0))
    print(report)                  # a row a tensor: its relative error, where it is largest, both values there
    report.raise_if_wrong()        # GradientError, in one line

The loss of a check is Σ d_y ⊙ y with random d_y: a plain sum would hide mistakes, because the columns of a softmax's
and of a layer norm's Jacobian add up to zero. The error of a tensor is max|a − b| / max|b|, with no absolute floor:
a gradient of 1e-12 is checked to as many digits as one of 1.

- Complex step: dL/dx = Im L(x + ih)/h. Nothing is subtracted, so h = 1e-30 and the result is exact to rounding. The
  forward function must take complex128 and be analytic: no np.abs, np.conj or astype(float) on the way; compare and
  maximise real parts. Source: Squire, Trapp 1998.
- Central difference D(h) = (y(x + h) − y(x − h)) / 2h with Richardson extrapolation, (4 D(h/2) − D(h)) / 3: an error
  of order h⁴, for code that takes no complex input.
- Directions: instead of every entry, the derivative along random directions, a few evaluations a tensor. `check_model`
  always does this.
"""

from minicrt.gradcheck.check import check, check_operation
from minicrt.gradcheck.model import check_model
from minicrt.gradcheck.report import GradientError, Report, TensorResult

__all__ = ["GradientError", "Report", "TensorResult", "check", "check_model", "check_operation"]
