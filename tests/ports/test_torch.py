"""minicrt against PyTorch's autograd in float64: every operation, and the whole CRT over windows of segments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minicrt import ops
from minicrt.models.crt_config import CRTConfig
from tests.models.configurations import CONFIGURATIONS, SMALL, configurations
from tests.ports.cases import (
    CALLS,
    DROPOUTS,
    Call,
    Sizes,
    check_crt,
    disagreement,
    factors,
    is_float,
    natural_sizes,
    output_and_gradients,
)

torch = pytest.importorskip("torch")

from tests.ports import torch_crt, torch_ops  # noqa: E402

torch.set_num_threads(1)        # tensors this small gain nothing from more

SIZES = st.builds(Sizes, B=st.integers(1, 3), T=st.integers(1, 5), S=st.integers(0, 2), I=st.integers(1, 4),
                  H=st.integers(1, 2), K=st.integers(1, 4), V=st.integers(2, 7))


def autograd(operation, call: Call, d_y):
    """What PyTorch computes: y and the gradients of the floating-point arguments under the upstream gradient d_y."""
    arguments = [torch.tensor(a, requires_grad=is_float(a)) for a in call.arrays]
    options = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in call.settings.items()}
    y = operation(*arguments, **options)
    gradients = torch.autograd.grad(y, [a for a in arguments if a.requires_grad], torch.tensor(d_y))
    return y.detach().numpy(), [g.numpy() for g in gradients]


@pytest.mark.parametrize("label", CALLS)
@settings(max_examples=15)
@given(sizes=SIZES, seed=st.integers(0, 2**32 - 1))
def test_operation(label, sizes, seed):
    name, draw = CALLS[label]
    rng = np.random.default_rng(seed)
    call = draw(rng, sizes)
    y, d_y, gradients = output_and_gradients(name, call, rng)
    y_reference, references = autograd(getattr(torch_ops, name), call, d_y)
    assert disagreement(y, y_reference) < 1e-10
    assert len(gradients) == len(references)
    for ours, reference, natural in zip(gradients, references, natural_sizes(name, call, d_y)):
        assert disagreement(ours, reference, natural) < 1e-10


@pytest.mark.parametrize("operation", DROPOUTS)
def test_dropout(operation):
    rng = np.random.default_rng(5)
    shape = (6, 4) if operation == "embedding_dropout" else (3, 5, 4)
    x, d_y, rate = rng.standard_normal(shape), rng.standard_normal(shape), 0.4
    y, cache = getattr(ops, operation)(x, rate, np.random.default_rng(8))
    d_x = getattr(ops, operation + "_backward")(d_y, cache)
    factor = factors(operation, rate, shape, seed=8)
    assert set(np.unique(factor)) == {0.0, 1 / (1 - rate)}
    y_reference, (reference,) = autograd(torch_ops.dropout, Call((x,), {"factor": factor}), d_y)
    assert disagreement(y, y_reference) < 1e-15
    assert disagreement(d_x, reference) < 1e-15


@settings(max_examples=15)
@given(n=st.integers(1, 8), order=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
def test_skew_matrices(n, order, seed):
    rng = np.random.default_rng(seed)
    a, delta = rng.standard_normal((2, n * (n - 1) // 2))
    inverse = ops.cayley_inverse(a, n)
    assert disagreement(ops.skew_symmetric(a, n), torch_ops.skew_symmetric(torch.tensor(a), n)) == 0
    assert disagreement(inverse, torch_ops.cayley_inverse(torch.tensor(a), n)) < 1e-12
    assert disagreement(ops.neumann_inverse(inverse, delta, order),
                        torch_ops.neumann_inverse(torch.tensor(inverse), torch.tensor(delta), order)) < 1e-12


def window_gradient(config, parameters, window, masks):
    """What PyTorch computes over a window: J, the final state, and every gradient (zeros where there is none)."""
    p = {name: torch.tensor(parameters[name], requires_grad=True) for name in parameters}
    initial = {name: torch.tensor(value, requires_grad=True) for name, value in window.state.items()}
    state, total = initial, torch.zeros(())
    for tokens, targets, weight, factor in zip(window.tokens, window.targets, window.weights, masks):
        loss, state = torch_crt.segment(config, p, torch.tensor(tokens), torch.tensor(targets), state,
                                           {place: torch.tensor(f) for place, f in factor.items()})
        total = total + weight * loss
    for name, d in window.d_state.items():
        total = total + (torch.tensor(d) * state[name]).sum()
    inputs = [*p.values(), *initial.values()]
    zero_or = torch.autograd.grad(total, inputs, allow_unused=True)
    gradients = [np.zeros(x.shape) if g is None else g.numpy() for x, g in zip(inputs, zero_or)]
    return (total.item(), {name: value.detach().numpy() for name, value in state.items()},
            dict(zip(p, gradients)), dict(zip(initial, gradients[len(p):])))


@pytest.mark.parametrize("carried", [True, False])
@pytest.mark.parametrize("label", CONFIGURATIONS)
def test_crt(label, carried):
    config = CRTConfig(**SMALL | CONFIGURATIONS[label])
    check_crt(config, window_gradient, tolerance=1e-9, seed=sum(label.encode()), carried=carried)


@settings(max_examples=60)
@given(changes=configurations(memory=st.sampled_from(["gru", "ncgru", "mingru", "lru", "none"])),
       seed=st.integers(0, 2**32 - 1), carried=st.booleans())
def test_crt_of_any_configuration(changes, seed, carried):
    check_crt(CRTConfig(**changes), window_gradient, tolerance=1e-9, seed=seed, carried=carried)


def test_crt_in_float32():
    """Single precision on both sides: 2e-5, times the root of the eleven steps that the recurrences take."""
    check_crt(CRTConfig(**SMALL), window_gradient, tolerance=2e-5 * 11**0.5, seed=3, dtype=np.float32)
