"""Orthogonal parameters on their manifold.

An orthogonal matrix U = (I + A)⁻¹ (I − A) S is trained through the free entries a of the skew-symmetric A: any step of
any optimizer on a leaves U orthogonal. With cayley = "exact" the model solves for (I + A)⁻¹ itself and nothing is to be
done here. With cayley = "neumann" the inverse stands in `parameters.buffers` and has to follow every step: by the
Neumann series of the step that was really taken, a_old − a_new (the rate times the gradient is a different step as soon
as the optimizer is not plain SGD), and by an exact solve every `exact_every` steps, which removes the drift.
"""

from dataclasses import dataclass

import numpy as np

from minicrt.models.parameters import Parameters
from minicrt.models.segment_model import SegmentModel, SkewParameter
from minicrt.ops import cayley_inverse, neumann_inverse

Array = np.ndarray


@dataclass(frozen=True)
class NeumannInverses:
    """Keeps the inverses in `parameters.buffers` current. A model that keeps none costs nothing."""

    order: int = 2
    exact_every: int = 50

    def before(self, model: SegmentModel, parameters: Parameters) -> dict[str, Array]:
        """The skew entries before an optimizer step; hand them to `after`. The first time, the inverses are made."""
        if any(skew.buffer not in parameters.buffers for skew in kept(model)):
            solve_exactly(model, parameters)
        return {skew.name: parameters[skew.name].copy() for skew in kept(model)}

    def after(self, model: SegmentModel, parameters: Parameters, old: dict[str, Array], count: int) -> None:
        """Bring the inverses to the parameters after optimizer step number `count` (1 is the first)."""
        if count % self.exact_every == 0:
            solve_exactly(model, parameters)
            return
        for skew in kept(model):
            parameters.buffers[skew.buffer] = neumann_inverse(
                parameters.buffers[skew.buffer], old[skew.name] - parameters[skew.name], self.order)


def kept(model: SegmentModel) -> list[SkewParameter]:
    """The skew parameters whose inverse is kept and not solved for at each use."""
    return model.skew_parameters() if getattr(model.config, "cayley", "exact") == "neumann" else []


def solve_exactly(model: SegmentModel, parameters: Parameters) -> None:
    """Set the inverses that are kept to those of the present parameters, by an exact solve."""
    for skew in kept(model):
        parameters.buffers[skew.buffer] = cayley_inverse(parameters[skew.name], skew.width)


def with_own_inverses(model: SegmentModel, parameters: Parameters, flat: Array) -> Parameters:
    """The table of `parameters` over another buffer (an average, the best so far), with the inverses of that buffer."""
    twin = parameters.with_flat(flat)
    twin.buffers = {}
    solve_exactly(model, twin)
    return twin
