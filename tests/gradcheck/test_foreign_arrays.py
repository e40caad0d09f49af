"""Arrays of PyTorch, of JAX and in bfloat16: taken where NumPy can, else refused with what to do"""

import numpy as np
import pytest

from minicrt.gradcheck import GradientError, check


def rng(seed=0):
    return np.random.default_rng(seed)


def test_tensors_of_pytorch():
    torch = pytest.importorskip("torch")
    with pytest.raises(GradientError, match=r"^x is a PyTorch Tensor, expected an array of NumPy: hand in "
                                            r"x.detach\(\).double\(\).numpy\(\)"):
        check(np.sin, lambda d_y, x: d_y, {"x": torch.ones(3, requires_grad=True)}, rng=rng())
    with pytest.raises(GradientError, match=r"^forward returned a tensor of PyTorch; return y.detach\(\).numpy\(\)"):
        check(lambda x: torch.sin(torch.tensor(x)), lambda d_y, x: d_y, [np.ones(3)], rng=rng())
    report = check(np.sin, lambda d_y, x: torch.tensor(d_y * np.cos(x), requires_grad=True), [np.ones(3)], rng=rng())
    assert report["x"].problem.startswith("it is no array of NumPy (Can't call numpy() on Tensor")
    report = check(np.sin, lambda d_y, x: torch.tensor(d_y * np.cos(x)), [np.ones(3)], rng=rng())
    report.raise_if_wrong()
    report = check(lambda x, t: x[t], lambda d_y, x, t: d_y, [np.ones(3), torch.arange(3)], rng=rng())
    assert report.not_checked == ("t (Tensor)",)


@pytest.fixture
def jnp():
    """jax.numpy in float32, JAX's own default, whatever other tests of the same process asked for."""
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", False)
    yield jax.numpy
    jax.config.update("jax_enable_x64", before)


def test_arrays_of_jax_and_bfloat16(jnp):
    with pytest.raises(GradientError, match=r"^w.0 is a JAX ArrayImpl, [^\n]*hand in np.asarray\(w.0, np.float64\)"):
        check(lambda w: w[0], lambda d_y, w: [d_y], [[jnp.ones(3)]], rng=rng())
    bfloat16 = np.asarray(jnp.ones(3, jnp.bfloat16))
    with pytest.raises(GradientError, match=r"^x is of dtype bfloat16, [^\n]*hand in x.astype\(np.float64\)"):
        check(lambda x: x, lambda d_y, x: d_y, [bfloat16], rng=rng())
    with pytest.raises(GradientError, match="^the output of forward is of dtype bfloat16, expected floating point"):
        check(lambda x: x.astype(bfloat16.dtype), lambda d_y, x: d_y, [np.ones(3)], rng=rng(), method="central")
    report = check(lambda x: x, lambda d_y, x: d_y.astype(bfloat16.dtype), [np.ones(3)], rng=rng())
    assert report["x"].problem == "it has dtype bfloat16, expected floating point, best float64"
    forward, x = (lambda x: jnp.tanh(x)), rng(4).standard_normal(5)
    result = check(forward, lambda d_y, x: d_y * (1 - np.tanh(x) ** 2), [x], rng=rng())["x"]
    assert result.verdict(1e-10) == "UNDECIDED" and "jax_enable_x64" in result.undecided
