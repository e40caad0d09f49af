import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.errors import InputError
from minicrt.ops.shapes import check_shapes


@given(B=st.integers(0, 5), T=st.integers(0, 5), D=st.integers(0, 5))
def test_letters_get_their_sizes(B, T, D):  # noqa: N803
    sizes = check_shapes("op", x=(np.zeros((B, T, D)), "B T D"), w=(np.zeros((D, 3 * D)), "D 3D"),
                         lead=(np.zeros((7, B, T)), "... T"), none=(None, "D D"))
    assert sizes == {"B": B, "T": T, "D": D}


@pytest.mark.parametrize("shape, pattern", [((2, 3), "D"), ((2,), "D D"), ((2, 3), "D D"), ((4, 8), "... 3D"),
                                            ((), "... D")])
def test_a_shape_that_does_not_fit_is_named(shape, pattern):
    with pytest.raises(InputError) as raised:
        check_shapes("op", x=(np.zeros((9, 2)), "N D"), y=(np.zeros(shape), pattern))
    message = str(raised.value)
    assert message.startswith(f"op: y has shape {shape}, expected ({', '.join(pattern.split())})")
    assert "D = 2" in message and "\n" not in message
