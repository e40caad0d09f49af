"""Cases of the scaled Cayley transform"""

from typing import Any

import numpy as np

from minicrt.conformance.golden.sketches.sketch import Sketch
from minicrt.conformance.golden.values import Values


def scaled_cayley(v: Values, n: int = 5, negatives: int = 2) -> dict[str, Any]:
    return {"a": v.real("a", n * (n - 1) // 2), "negatives": negatives, "n": n}


SKETCHES = (
    Sketch("scaled_cayley", "n is odd, and two signs are −1.", scaled_cayley),
    Sketch("scaled_cayley-even", "n is even, and one sign is −1.", lambda v: scaled_cayley(v, 4, 1)),
    Sketch("scaled_cayley-no-negatives", "S is the identity.", lambda v: scaled_cayley(v, 4, 0)),
    Sketch("scaled_cayley-all-negatives", "S is minus the identity.", lambda v: scaled_cayley(v, 3, 3)),
    Sketch("scaled_cayley-zero", "A is 0, so that U = S.", lambda v: scaled_cayley(v) | {"a": np.zeros(10)}),
)
