"""Whole models: which layer each part of a parameter table is, and where it lies in the other library's model"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from minicrt.conformance.conversions.layer import Layer
from minicrt.conformance.conversions.names import Hints, Named, arrays, joined, unknown_name
from minicrt.errors import InputError

Library = Literal["torch", "jax", "keras"]


@dataclass(frozen=True)
class Module:
    """A part of a model.

    ours, theirs   its path on either side; "{}" stands for the number of a layer or of a memory vector
    kinds          the layers it may be; the one whose names fit best is taken
    renamed        our names where they are not the layer's
    required       every model of this kind has it
    """

    ours: str
    theirs: str
    kinds: tuple[str, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)
    required: bool = False

    def names(self, layer: Layer, library: Library, back: bool) -> dict[str, str]:
        """The layer's names → their names in the model, "{}" still in them."""
        if not back:
            return {name: joined(self.ours, self.renamed.get(name, name)) for name in layer.ours}
        return {name: joined(self.path(library), name, SEPARATOR[library]) for name in layer.theirs}

    def path(self, library: Library) -> str:
        """Flax calls the entries of a list blocks_0, blocks_1, …"""
        return self.theirs if library == "torch" else self.theirs.replace(".{}", "_{}").replace(".", "/")


SEPARATOR: Mapping[Library, str] = {"torch": ".", "jax": "/", "keras": "/"}
ONCE = -1                                                    # the number of a module that there is once

_OUT = {"weight": "w_out", "bias": "b_out"}
_STACK = (
    Module("embedding", "embedding", ("embedding",), {"table": ""}, required=True),
    Module("positions", "positions", ("embedding",)),
    Module("blocks.{}", "blocks.{}", ("block",), required=True),
    Module("norm_final", "norm_final", ("layer_norm",)),
    Module("output", "output", ("output",), required=True),
)
_POSITIONS = (Module("positions", "positions", ("gru",)), Module("positions", "positions_out", ("projection",), _OUT))
_FED = (
    Module("layer.{}.norm_feed_forward", "layers.{}.norm_feed_forward", ("layer_norm",)),
    Module("layer.{}.feed_forward", "layers.{}.feed_forward_in", ("linear",), {"weight": "w_in", "bias": "b_in"}),
    Module("layer.{}.feed_forward", "layers.{}.feed_forward_out", ("linear",), _OUT))
_START = Module("memory.start", "memory_start", ("matrix",))

MODELS: dict[str, tuple[Module, ...]] = {
    "crt": (*_STACK, *_POSITIONS, _START, Module("memory.norm", "memory_norm", ("layer_norm",)),
            Module("memory", "memory_read", ("projection",), {"weight": "read"}),
            Module("memory.{}", "memory.{}", ("gru", "ncgru", "mingru", "lru", "s4d_writer",
                                              "mamba_writer"))),
    "transformer": _STACK,
    "rmt": (*_STACK, _START),
    "recurrent": (_STACK[0], Module("layer.{}", "layers.{}", ("gru", "lstm"), required=True), _STACK[-1]),
    "linear_recurrent": (
        _STACK[0], *_STACK[-2:],
        Module("layer.{}.norm_recurrence", "layers.{}.norm_recurrence", ("layer_norm",), required=True),
        Module("layer.{}", "layers.{}.recurrence", ("mingru", "lru"), required=True),
        Module("layer.{}", "layers.{}.c", ("projection",), {"weight": "c"}),
        Module("layer.{}.d", "layers.{}.d", ("vector",)),
        Module("layer.{}", "layers.{}.out", ("linear",), _OUT, required=True),
        *_FED),
    "s4d": (
        _STACK[0], *_STACK[-2:],
        Module("layer.{}.norm_recurrence", "layers.{}.norm_recurrence", ("layer_norm",), required=True),
        Module("layer.{}", "layers.{}.recurrence", ("s4d",), required=True),
        Module("layer.{}", "layers.{}.out", ("linear",), _OUT, required=True), *_FED),
    "mamba": (
        _STACK[0], _STACK[-1], Module("norm_final", "norm_final", ("rms_norm",)),
        Module("layer.{}.norm_recurrence", "layers.{}.norm", ("rms_norm",), required=True),
        Module("layer.{}", "layers.{}.mixer", ("mamba",), required=True)),
    "transformer_xl": (
        Module("embedding", "word_emb.emb_layers.0", ("embedding",), {"table": ""}, required=True),
        Module("attention_bias.0", "", ("xl_biases",), required=True),
        Module("blocks.{}", "layers.{}", ("xl_block",), required=True),
        _STACK[-2], Module("output", "crit", ("xl_output",), required=True)),
}
BUFFERS = {"pos_emb.inv_freq"}                               # in a state_dict, but no parameters
HINTS: Hints = (
    (r"^attention_bias\.[1-9]", "shared_biases=False has no counterpart in the authors' PyTorch code"),
    (r"\.out_projs\.|\.emb_projs\.|cluster_", "an adaptive softmax is not converted, and adaptive embeddings have no "
     "counterpart here"),
    (r"^memory\.(w_|query|keep|slot|b_write|read\.)", "of memory_form only 'vector' is converted"),
    (r"^output\.(head|tails|clusters|projection)", "an adaptive softmax is not converted"),
)


def convert_model(kind: str, values: Any, layers: Mapping[str, Layer], library: Library, back: bool, gradients: bool,
                  where: str) -> Named:
    """Every part of a whole model by its layer's map. Raises InputError for names and shapes that do not fit."""
    given = {name: value for name, value in arrays(values, where).items() if name not in BUFFERS}
    result: Named = {}
    for module, groups in _grouped(kind, given, layers, library, back, where):
        names = [module.names(layers[layer], library, back) for layer in module.kinds]
        if sorted(groups) not in ([ONCE], list(range(len(groups)))):
            first = next(iter(names[0].values()))
            raise InputError(f"{where}: {first} has the numbers {sorted(groups)}, expected 0 to {len(groups) - 1}")
        if module.required and not groups:
            raise InputError(f"{where}: {next(iter(names[0].values())).format(0)!r} is missing; expected the whole "
                             f"table of a model {kind!r}")
        for number, part in sorted(groups.items()):
            result |= _converted(module, number, part, layers, library, back, gradients, where)
    if back and np.array_equal(result.get("output.weight", ()), result["embedding"]):
        del result["output.weight"]                          # tied: a state_dict lists the tensor under both names
    return result


def _grouped(kind: str, given: Named, layers: Mapping[str, Layer], library: Library, back: bool, where: str
             ) -> list[tuple[Module, dict[int, Named]]]:
    """The arrays of each module by its number, under their names in the model."""
    groups: list[tuple[Module, dict[int, Named]]] = [(module, {}) for module in MODELS[kind]]
    templates = [(template, group) for module, group in groups for layer in module.kinds
                 for template in module.names(layers[layer], library, back).values()]
    for name, value in given.items():
        owner = next(((found, group) for template, group in templates if (found := _match(template, name))), None)
        if owner is None:
            hints = sum((layers[layer].hints for module, _ in groups for layer in module.kinds), HINTS)
            number = re.search("[0-9]+", name)               # so that the guess is of the same block
            raise unknown_name(name, [template.format(number[0] if number else 0) for template, _ in templates], where,
                               hints)
        found, group = owner
        group.setdefault(int(found[1]) if found.re.groups else ONCE, {})[name] = value
    return groups


def _match(template: str, name: str) -> "re.Match[str] | None":
    return re.fullmatch(re.escape(template).replace(r"\{\}", "(0|[1-9][0-9]*)"), name)


def _converted(module: Module, number: int, given: Named, layers: Mapping[str, Layer], library: Library, back: bool,
               gradients: bool, where: str) -> Named:
    def shown(layer: Layer, theirs: bool) -> dict[str, str]:
        return {name: full.format(number) for name, full in module.names(layer, library, theirs).items()}

    def inside(layer: Layer) -> Named:
        short = {full: name for name, full in shown(layer, back).items()}
        return {short.get(full, full): value for full, value in given.items()}

    layer = min((layers[name] for name in module.kinds), key=lambda layer: layer.misfit(inside(layer), back))
    full_names, other = shown(layer, back), shown(layer, not back)
    converted = layer.convert(inside(layer), where, back, gradients, lambda name: full_names.get(name, name))
    return {other[name]: value for name, value in converted.items()}
