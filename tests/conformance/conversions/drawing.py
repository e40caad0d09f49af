"""Parameters of every kind of layer, at sizes that hypothesis draws"""

import numpy as np
from hypothesis import strategies as st

from minicrt.conformance.conversions.kinds import LAYERS
from minicrt.conformance.conversions.torch_layers import layers

Array = np.ndarray

# D is H K; the others are sizes of their own.
dimensions = st.fixed_dictionaries({letter: st.integers(1, 4) for letter in "IOVFHK"})


def parameters(kind: str, sizes: dict[str, int], seed: int = 0, dtype: str = "float64") -> dict[str, Array]:
    """minicrt's parameters of one layer, or gradients of the same shapes."""
    rng, known = np.random.default_rng(seed), sizes | {"D": sizes["H"] * sizes["K"]}
    return {name: rng.standard_normal([int(axis[:-1] or 1) * known[axis[-1]] for axis in pattern.split()]).astype(dtype)
            for name, pattern in layers()[kind].ours.items()}


def assert_equal(a: dict[str, Array], b: dict[str, Array]) -> None:
    """The same names, dtypes, shapes and values."""
    assert set(a) == set(b)
    for name in a:
        assert a[name].dtype == b[name].dtype and a[name].shape == b[name].shape, name
        assert np.array_equal(a[name], b[name]), name


kinds = st.sampled_from(LAYERS)
seeds = st.integers(0, 2**32 - 1)
