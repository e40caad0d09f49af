"""Mistakes in how a model's layers are put together: norms, residual connections, embedding, output"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minicrt.conformance.golden.model_pass import Pass
from minicrt.conformance.golden.recording import Substitute
from minicrt.conformance.mistakes.models.mistake import ModelMistake, of_all
from minicrt.models import LinearRecurrentModel, RecurrentModel, SegmentModel
from minicrt.models.parameters import Parameters
from minicrt.models.state_space import StateSpaceModel

Array = np.ndarray

SENTENCES = {
    "embedding: not scaled": "The embedding is not multiplied by √D.",
    "output: no bias": "The output's bias is left out.",
    "norm_recurrence: missing": "The norm in front of the recurrence is left out.",
    "norm_attention: missing": "The attention's norm is left out.",
    "norm_feed_forward: missing": "The feed-forward's norm is left out.",
    "norm_final: missing": "The final norm is left out.",
    "recurrence: no residual connection": "The residual connection around the recurrence is left out.",
    "attention: no residual connection": "The residual connection around the attention is left out.",
    "feed_forward: no residual connection": "The residual connection around the feed-forward is left out.",
    "blocks: one for all layers": "All layers are one object: they share the last one's parameters, as in [block] * L.",
    "tied table: gradient of the output alone": "The tied table gets the gradient of its use in the output alone; that "
                                                "of the lookup is lost.",
    "tied table: gradient of the lookup alone": "The tied table gets the gradient of the lookup alone; that of its use "
                                                "in the output is lost.",
}


def without_norm(name: str) -> Substitute:
    """The norm of that name, in whichever layer, passes its input on."""
    return Substitute("layer_norm", _passes_on, lambda place: place == name or place.endswith("." + name))


def without_norm_at(name: str) -> Substitute:
    """The norm at that place alone passes its input on."""
    return Substitute("layer_norm", _passes_on, lambda place: place == name)


def _passes_on(forward: Any, backward: Any) -> tuple[Any, Any]:
    return (lambda x, gain, bias: (x, gain)), (lambda d_y, gain: (d_y, np.zeros_like(gain), np.zeros_like(gain)))


def without_residual(at: Callable[[str], bool]) -> Substitute:
    """x + f(x) is f(x), and so is its gradient: in both sums the branch is the second term."""
    return Substitute("add", lambda forward, backward: ((lambda x, y: y), backward), at)


def in_recurrence(place: str) -> bool:
    return place.startswith("layer.") and place.count(".") == 2 or place.endswith("norm_recurrence")


def in_attention(place: str) -> bool:
    return ".attention" in place or place.startswith("d_") and place.endswith("norm_attention")


def in_feed_forward(place: str) -> bool:
    return "feed_forward" in place


def lookup_lost(forward: Any, backward: Any) -> tuple[Any, Any]:
    return forward, lambda d_y, cache, into: into


def output_lost(forward: Any, backward: Any) -> tuple[Any, Any]:
    def without_the_table(d_loss: Any, cache: Any) -> Any:
        d_z, d_table, d_bias = backward(d_loss, cache)
        return d_z, np.zeros_like(d_table), d_bias
    return forward, without_the_table


class NotScaled(SegmentModel):
    @property
    def scale(self) -> float:
        return 1.0


class AtZero(Pass):
    """The parameter is not there: in its place are zeros, which get no gradient."""

    parameter: str

    def initial_parameters(self) -> Parameters:
        parameters = super().initial_parameters()
        for parameter in of_all(self, AtZero, "parameter"):
            parameters[parameter] = np.zeros_like(parameters[parameter])
        return parameters

    def parameter_gradients(self) -> dict[str, Array]:
        gone = of_all(self, AtZero, "parameter")
        return {name: value * (name not in gone) for name, value in super().parameter_gradients().items()}


def at_zero(parameter: str) -> type[Pass]:
    return type("AtZero", (AtZero,), {"parameter": parameter})


class OneForAll(Pass):
    """`prefix`.0, .1, … are one object: it has the parameters that were loaded last, and gets all gradients."""

    prefix: str

    def initial_parameters(self) -> Parameters:
        parameters = super().initial_parameters()
        for name, others in self._copies(parameters):
            for other in others:
                parameters[other] = parameters[name]
        return parameters

    def _copies(self, parameters: Parameters) -> list[tuple[str, list[str]]]:
        return [item for prefix in of_all(self, OneForAll, "prefix") for item in _copies(parameters, prefix).items()]

    def parameter_gradients(self) -> dict[str, Array]:
        gradients = super().parameter_gradients()
        for name, others in self._copies(self.parameters):
            total = np.sum([gradients[other] for other in (name, *others)], axis=0)
            gradients |= dict.fromkeys((name, *others), total)
        return gradients


class LateBound(OneForAll):
    """The last one stands for all, and gets all gradients; the others get none."""

    def parameter_gradients(self) -> dict[str, Array]:
        gradients = super().parameter_gradients()
        return gradients | {other: np.zeros_like(gradients[other]) for others in dict(
            self._copies(self.parameters)).values() for other in others}


def late_bound(prefix: str) -> type[Pass]:
    return type("LateBound", (LateBound,), {"prefix": prefix})


def one_for_all(prefix: str) -> type[Pass]:
    return type("OneForAll", (OneForAll,), {"prefix": prefix})


def _copies(parameters: Parameters, prefix: str) -> dict[str, list[str]]:
    """Of each parameter of the last part its counterparts in the others."""
    numbers = (name.split(".")[1] for name in parameters if name.startswith(prefix + "."))
    last = max(int(number) for number in numbers if number.isdigit())
    return {name: [name.replace(f"{prefix}.{last}.", f"{prefix}.{i}.", 1) for i in range(last)]
            for name in parameters if name.startswith(f"{prefix}.{last}.")}


def layers(model: SegmentModel) -> list[ModelMistake]:
    config: Any = model.config
    recurrent = isinstance(model, LinearRecurrentModel | StateSpaceModel)
    stack = not recurrent and not isinstance(model, RecurrentModel)          # of blocks
    fed = (recurrent or stack) and getattr(config, "inner", 0) > 0
    norm = getattr(config, "norm", "")                       # none: RMS norm
    found = [ModelMistake("embedding: not scaled", SENTENCES["embedding: not scaled"], models=(NotScaled,)),
             ModelMistake("output: no bias", SENTENCES["output: no bias"], passes=(at_zero("output.bias"),))]
    if stack and config.layers > 1:
        name = "blocks: one for all layers"
        found.append(ModelMistake(name, SENTENCES[name], passes=(one_for_all("blocks"),)))
    substitutes = {
        "norm_recurrence: missing": (recurrent and norm == "pre", without_norm("norm_recurrence")),
        "norm_attention: missing": (stack, without_norm("norm_attention")),
        "norm_feed_forward: missing": (fed, without_norm("norm_feed_forward")),
        "norm_final: missing": ((recurrent or stack) and norm == "pre", without_norm("norm_final")),
        "recurrence: no residual connection": (recurrent, without_residual(in_recurrence)),
        "attention: no residual connection": (stack, without_residual(in_attention)),
        "feed_forward: no residual connection": (fed, without_residual(in_feed_forward)),
    }
    found += [ModelMistake(name, SENTENCES[name], substitutes=(one,)) for name, (applies, one) in substitutes.items()
              if applies]
    lost = {"tied table: gradient of the output alone": Substitute("embedding", lookup_lost),
            "tied table: gradient of the lookup alone": Substitute("linear_cross_entropy", output_lost)}
    return found + [ModelMistake(name, SENTENCES[name], "backward", substitutes=(one,)) for name, one in lost.items()
                    if config.tied]
