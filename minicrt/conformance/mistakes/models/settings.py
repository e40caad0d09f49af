"""A switch of the configuration that stands otherwise in the port"""

from collections.abc import Mapping
from typing import Any

from minicrt import ops
from minicrt.conformance.golden.model_pass import model_of
from minicrt.conformance.mistakes.models.layers import without_norm
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.errors import ConfigurationError
from minicrt.models import SegmentModel
from minicrt.models.video import ViT

# (key, the port's value): what the port seems to have done
SENTENCES: dict[tuple[str, Any], str] = {
    ("norm", "post"): "The norms stand after the sums, LN(x + f(x)), and there is no final norm; here it is pre-norm.",
    ("norm", "pre"): "The norms stand before the branches, x + f(LN(x)); here it is post-norm, LN(x + f(x)).",
    ("activation", "gelu"): "The feed-forward uses the exact GELU with erf; here it is another activation.",
    ("activation", "gelu_tanh"): "The feed-forward uses the tanh form of GELU; here it is another activation.",
    ("activation", "relu"): "The feed-forward uses relu; here it is another activation.",
    ("tied", True): "The output is tied to the embedding; here it has a matrix of its own.",
    ("cutoffs", "one less"): "Every cluster begins one word too early: each cutoff is one too small.",
    ("cutoffs", "one more"): "Every cluster begins one word too late: each cutoff is one too large.",
    ("layers", "one less"): "The last layer is left out.",
    ("heads", 1): "Attention has a single head of the full width.",
    ("heads", "width"): "The number of heads was taken for their width, K = H.",
    ("inner", 0): "The feed-forward branches are left out.",
    ("memory", "none"): "There is no memory at all: no memory token, no writer.",
    ("memory_vectors", 1): "There is a single memory vector, the first.",
    ("memory_top_k", 0): "All slots are written; here those alone that change most.",
    ("memory_update", "per_token"): "The memory network reads every token's output; here it reads their mean once a "
                                    "segment.",
    ("memory_update", "per_segment"): "The memory network reads the segment's mean once; here it reads every token's "
                                      "output.",
    ("memory_gradient", "unroll"): "The writer's inputs and start are not constants: the gradient flows on into the "
                                   "segments before; here memory_gradient is 'writer'.",
    ("memory_gradient", "writer"): "What the writer of the last segment read is held constant; here gradients cross "
                                   "the boundary.",
    ("memory_position", "first"): "The memory token stands in front of the tokens; here it stands behind.",
    ("memory_position", "last"): "The tokens do not see the memory token: it stands behind them, or is masked; here it "
                                 "stands in front.",
    ("memory_norm", "on"): "The memory is normed, as a token and in the readout; here it is not.",
    ("memory_norm", "off"): "The memory is not normed; here layer norm acts on the token and in the readout.",
    ("readout", "transformer"): "The output reads y_t alone, without the memory.",
    ("reset_after", True): "The GRU's reset gate acts after the product, r ⊙ (h U_n); here before it, (r ⊙ h) U_n.",
    ("reset_after", False): "The GRU's reset gate acts before the product, (r ⊙ h) U_n, and b_hn is left out; here it "
                            "acts after, r ⊙ (h U_n + b_hn).",
    ("orthogonal", "candidate"): "Only the candidate's matrix is orthogonal.",
    ("candidate", "modrelu"): "The NC-GRU's candidate uses modReLU; here it uses tanh.",
    ("candidate", "tanh"): "The NC-GRU's candidate uses tanh; here it uses modReLU.",
    ("negatives", 0): "S is left out of the scaled Cayley transform: all its signs are 1.",
    ("negatives", "other"): "S has as many signs −1 as it should have signs 1.",
    ("negatives", "half"): "Half of S's signs are −1; here it is another number.",
    ("positions", "sinusoidal"): "Sinusoidal positions are added; here they are of another kind.",
    ("positions", "none"): "No positions are added.",
    ("position_carry", True): "Positions are carried over from the segment before; here they start at zero in every "
                              "segment.",
    ("position_carry", False): "Positions start at zero in every segment; here they are carried.",
    ("same_length", True): "Every query sees equally many keys (same_length); here it sees the whole cache.",
    ("same_length", False): "Every query sees the whole cache and its segment; here same_length limits it.",
    ("clamp_length", 0): "Distances are not clamped.",
    ("clamp_length", "one less"): "Distances are clamped one too early.",
    ("clamp_length", "one more"): "Distances are clamped one too late.",
    ("cache_length", 0): "There is no cache: a segment sees itself alone.",
    ("cache_length", "one more"): "The cache holds one row too many.",
    ("cache_length", "one less"): "The cache holds one row too few.",
    ("cache_length", "all"): "The cache is never cut: it keeps all segments.",
    ("attention", "joint"): "Attention is joint over all patches of the clip; here it is divided, over time and then "
                            "over each frame.",
    ("pooling", "mean"): "The mean over all patches is classified; here the class token's output.",
    ("smoothing", 0.0): "The labels are not smoothed.",
    ("joint_layer", "one more"): "The 2-D module reads one block too late.",
    ("joint_layer", "one less"): "The 2-D module reads one block too early.",
    ("shared_biases", True): "All layers share the first layer's biases u and v; here each has its own.",
}

CUT = ("memory.start", "memory.read")                        # by a port that has fewer memory vectors
BACKWARD = (("memory_gradient", "unroll"), ("memory_gradient", "writer"))


def settings(model: SegmentModel, configuration: Mapping[str, Any]) -> list[ModelMistake]:
    found = []
    for (key, label), sentence in SENTENCES.items():
        if key not in configuration or not _matters(model, key):
            continue
        value = _value(model, key, label)
        if value != configuration[key] and _fits(model, {**configuration, key: value}):
            where: Any = "backward" if (key, label) in BACKWARD else "forward"
            missing = (without_norm("norm_final"),) if (key, value) == ("norm", "pre") else ()
            name = f"{key}: {str(label).lower()}"
            found.append(ModelMistake(name, sentence, where, {key: value}, substitutes=missing))
    return found


def _matters(model: SegmentModel, key: str) -> bool:
    """Whether anything is different with another value of this switch."""
    config: Any = model.config
    if key == "cutoffs":
        return config.output == "adaptive"
    if key in ("negatives", "orthogonal", "candidate"):
        return config.memory == "ncgru"
    if isinstance(model, ViT) and key == "inner" or key == "joint_layer" and not config.joints:
        return False
    if key == "position_carry":
        return config.positions == "recurrent"
    if key == "reset_after":
        return config.positions == "recurrent" or config.memory == "gru"
    return not key.startswith(("memory_", "readout")) or getattr(config, "memory", "") != "none"


def _value(model: SegmentModel, key: str, label: Any) -> Any:
    """The port's value that the label stands for; the right one where the switch is not wrong that way."""
    config: Any = model.config
    if key == "negatives" and label != 0:
        return config.width // 2 if label == "half" else config.width - config.negative_signs
    if (key, label) == ("heads", "width"):
        return config.width // config.heads
    if key == "memory_norm" and config.normed_memory == (label == "on"):
        return config.memory_norm
    if not isinstance(label, str) or not label.startswith(("one", "all")):
        return label
    if key == "cutoffs":
        by = 1 if label == "one more" else -1
        return ",".join(str(first + by) for first in config.cutoffs_in_use)
    value = config.cached if key == "cache_length" else getattr(config, key)
    if key == "clamp_length" and value == 0:                 # nothing is clamped
        return value
    return {"one less": value - 1, "one more": value + 1, "all": 1 << 20}[label]


def _fits(model: SegmentModel, changed: Mapping[str, Any]) -> bool:
    """Whether the changed model can be made of the same parameters; gains and biases of its own it may lack, and of
    `CUT` it takes the first rows."""
    shapes = {spec.name: spec.shape for spec in model.specs()}
    try:
        other = model_of(changed, (), ops)
    except ConfigurationError:
        return False
    return all(shapes.get(spec.name) == spec.shape or spec.name in shapes and spec.name in CUT
               or spec.name not in shapes and spec.name.endswith((".gain", ".bias", ".b_hn")) for spec in other.specs())
