"""Every switch of the Compact Recurrent Transformer"""

from dataclasses import dataclass
from typing import Literal

from minicrt.configuration import require
from minicrt.models.cells import cell
from minicrt.models.retention import Retention
from minicrt.models.stack_config import StackConfig


@dataclass(frozen=True)
class CRTConfig(StackConfig):
    """What a CRT is made of. `create_model` takes these keys by name; `vocabulary` alone has no default.

    vocabulary             V, the number of token types
    width                  D, of every token's vector and of the memory
    segment_length         T, the longest segment
    layers, heads, inner   L blocks, H heads (they divide D), inner width F of the feed-forward
    activation, norm       of the feed-forward; layer norm before each branch ("pre") or after each sum ("post")
    tied                   the output matrix is the embedding table
    dropout                rate on the input, on each residual branch and before the output
    embedding_dropout      rate at which whole rows of the embedding table (words) are dropped
    locked_dropout         one dropout mask for a whole segment, not one for each of its tokens
    output                 "softmax", or "adaptive": a frequent word at once, a rare one through its cluster; the
                           vocabulary is then sorted by frequency, as that of a corpus is
    cutoffs, div_value     adaptive: the clusters' first words, as "2000,6000", or "auto"; and, where it is not tied,
                           how many times narrower the words of a cluster are than those of the one before

    What follows is the CRT's own; the numbers are those of its steps in docs/spec.md, 2.2.

    memory                 the network that writes the memory (4), or "none"
    memory_vectors         M memory tokens, each written by a network of its own; or M slots, or rows of the queue
    memory_form            "vector" (4, 5), or a richer memory, each with a writing and a reading of its own (2.2.1):
                           "slots", written once a segment by attention; "matrix", an associative matrix with the delta
                           rule; "queue", in which the older rows pool ever more segments
    memory_top_k           slots: how many of them a segment may change, those it would change most; 0 stands for all
    memory_keys            matrix: K, of its keys; 0 stands for D
    memory_update          the writer reads every y_t, or once the segment's mean; then there is no h_t to read
    memory_gradient        "unroll" through whole segments, or "writer": the writer of the last segment is run again (6)
    memory_position        in front, or behind, where no token sees it: then only the writer carries it on
    memory_norm            layer norm on m as a token and on h where it is read; "auto": where h has no bound (minGRU,
                           LRU, S4D, Mamba, and NC-GRU with modReLU)
    readout                the outputs read the "memory", y_t + h_t + (1 + y_t) ⊙ m_{N−1} W_r (5), or are the
                           "transformer"'s y_t
    reset_after            which form of the GRU (both networks)
    orthogonal             NC-GRU: U_c alone, or U_c and U_r
    negatives              NC-GRU: ρ, the number of −1 in S; −1 stands for D/2
    candidate              NC-GRU: activation of the candidate
    memory_states          S4D, Mamba: N states of each channel; the memory is the state of D/N channels, of S4D, whose
                           states are complex, of D/(2N)
    update_bias            first bias b of the memory's update gate: σ(b) of m, and of the gradient, is kept a token,
                           σ(b)^T over a segment. A number, or of each unit another: "chrono" (log U(1, t_max − 1)) or
                           "log_uniform" (U(0, log t_max)); in an LRU σ(b) is |λ|, and the number 0 its source's ring;
                           in S4D |Ā|; in Mamba state n keeps σ(b)^(n + 1)
    memory_span            t_max = memory_span · segment_length, the segments that memory has to bridge (below 128
                           tokens W_r starts smaller); language asks for less than recall: the presets have 1, with
                           which the embedding starts half as large, and W_r with a draw of its own. Where there are
                           more, a wide memory needs a low learning rate: one pair of recall is learned with 3e-3 at a
                           width of 64, and at 256 with 2e-3 and not with 3e-3 (docs/results.md, "How much the vector
                           holds", has the command)
    positions              recurrent (1), or a learned or sinusoidal table of absolute positions, or none
    position_width         D_p; 0 stands for D, and then there is no W_p
    position_carry         p_0 is the previous segment's last p, or zeros

    Raises ConfigurationError, with the key that was probably meant, for an unknown key, a value of the wrong type or
    out of range, and for keys that contradict each other.
    """

    memory: Literal["gru", "ncgru", "mingru", "lru", "s4d", "mamba", "none"] = "gru"
    memory_vectors: int = 1
    memory_form: Literal["vector", "slots", "matrix", "queue"] = "vector"
    memory_top_k: int = 0
    memory_keys: int = 0
    memory_update: Literal["per_token", "per_segment"] = "per_token"
    memory_gradient: Literal["unroll", "writer"] = "unroll"
    memory_position: Literal["first", "last"] = "first"
    memory_norm: Literal["auto", "on", "off"] = "auto"
    readout: Literal["memory", "transformer"] = "memory"
    reset_after: bool = True
    orthogonal: Literal["candidate", "candidate+reset"] = "candidate"
    negatives: int = -1
    candidate: Literal["modrelu", "tanh"] = "modrelu"
    memory_states: int = 4
    update_bias: Retention = "log_uniform"
    memory_span: int = 8
    positions: Literal["recurrent", "learned", "sinusoidal", "none"] = "recurrent"
    position_width: int = 0
    position_carry: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.memory_vectors >= 1, f"memory_vectors is {self.memory_vectors}, expected at least 1")
        require(self.memory != "lru" or self.width % 2 == 0,
                f"memory 'lru' needs an even width (real and imaginary parts), got {self.width}")
        require(self.memory_states >= 1, f"memory_states is {self.memory_states}, expected at least 1")
        numbers = {"s4d": 2 * self.memory_states, "mamba": self.memory_states}.get(self.memory, 1)
        require(self.width % numbers == 0, f"memory {self.memory!r} with memory_states {self.memory_states} keeps "
                f"{numbers} numbers a channel, which do not divide width = {self.width}; set memory_states otherwise")
        require(self.position_width >= 0, f"position_width is {self.position_width}, expected 0 (= width) or more")
        require(-1 <= self.negatives <= self.width,
                f"negatives is {self.negatives}, expected 0 to width = {self.width}, or -1 for half of it")
        require(self.memory_span >= 1, f"memory_span is {self.memory_span}, expected at least 1")
        require(self.update_bias != "chrono" or self.t_max >= 2,
                f"update_bias 'chrono' needs t_max = memory_span · segment_length of at least 2, got {self.t_max}; set "
                "memory_span higher")
        require(self.memory != "lru" or isinstance(self.update_bias, str) or self.update_bias == 0,
                f"update_bias is {self.update_bias}, but an LRU has no gate; set it to 0, 'chrono' or 'log_uniform'")

        check_form(self)

    @property
    def keys(self) -> int:
        """K, of the matrix"""
        return self.memory_keys or self.width

    @property
    def memory_rows(self) -> int:
        """The memory's rows among those of the blocks"""
        return 0 if self.memory == "none" or self.memory_form == "matrix" else self.memory_vectors

    @property
    def normed_memory(self) -> bool:
        """Whether a norm stands in front of whatever reads the memory"""
        return self.memory != "none" and (self.memory_norm == "on"
                                          or self.memory_norm == "auto" and not cell(self.memory, self).bounded)

    @property
    def t_max(self) -> int:
        """The tokens that `memory_span` segments have"""
        return self.memory_span * self.segment_length

    @property
    def bridges(self) -> bool:
        """Whether a memory has segments to bridge"""
        return self.memory != "none" and self.memory_span > 1

    @property
    def negative_signs(self) -> int:
        return self.width // 2 if self.negatives == -1 else self.negatives

    @property
    def positions_width(self) -> int:
        return self.position_width or self.width

    def caution(self, bptt_segments: int) -> str | None:
        """One line on a part that stays untrained with gradients over so many segments, or costs more than it brings;
        None where there is none."""
        untrained = self.untrained(bptt_segments)
        if untrained is None and self.memory != "none" and self.memory_span > 1:
            return (f"memory_span {self.memory_span} makes the memory ready for what is asked for many segments later, "
                    "which costs a language model perplexity; for text set memory_span to 1")
        return untrained

    def untrained(self, bptt_segments: int) -> str | None:
        """One line on a part that stays untrained with gradients over so many segments, or may, or None."""
        if self.memory == "none":
            return None
        if self.memory_position == "last" and self.readout == "transformer":
            return ("nothing reads the memory, and its network stays untrained: with memory_position 'last' no token "
                    "sees it, and readout 'transformer' leaves it out; change either")
        if self.memory_form in ("slots", "queue") and bptt_segments == 1:
            return (f"what is written to the memory stays untrained: with memory_form {self.memory_form!r} and "
                    "bptt_segments 1 no gradient reaches it; set bptt_segments to 2 or more")
        within = self.readout == "memory" and self.memory_update == "per_token"
        if not within and self.memory_gradient != "writer" and bptt_segments == 1:
            return (f"the memory network stays untrained: with readout {self.readout!r}, memory_update "
                    f"{self.memory_update!r} and bptt_segments 1 no gradient reaches it; set bptt_segments to 2 or "
                    "memory_gradient to 'writer'")
        if self.readout == "transformer":
            return ("readout 'transformer' reads the memory as a token alone, and then it is luck whether the memory "
                    "learns what is needed segments later; set readout to 'memory'")
        return None


def check_form(config: CRTConfig) -> None:
    """Raise ConfigurationError for settings that do not go with the memory's form."""
    form = config.memory_form
    for name, of in {"memory_top_k": "slots", "memory_keys": "matrix"}.items():
        require(getattr(config, name) == 0 or form == of, f"{name} is {getattr(config, name)}, but memory_form is "
                f"{form!r}; {name} is for memory_form={of!r}")
    most = config.memory_vectors
    require(0 <= config.memory_top_k <= most, f"memory_top_k is {config.memory_top_k}, expected 0 (all) to {most}, "
            "the number of slots (memory_vectors)")
    require(config.memory_keys >= 0, f"memory_keys is {config.memory_keys}, expected 0 (= width) or more")
    if form == "vector":
        return
    require(config.memory != "none", f"memory is 'none', but memory_form is {form!r}; leave memory out")
    require(form != "slots" or config.memory not in ("s4d", "mamba"), f"memory is {config.memory!r}, but a slot takes "
            "one step a segment; for memory_form 'slots' set it to 'gru', 'ncgru', 'mingru' or 'lru'")
    only: dict[str, str | int] = {"memory_update": "per_token", "memory_gradient": "unroll", "memory_position": "first",
                                  "readout": "memory"}
    if form != "slots":
        only["memory"] = "gru"                               # what writes them is no network
    if form == "matrix":
        only |= {"memory_vectors": 1, "memory_norm": "auto"}
    for name, value in only.items():
        require(getattr(config, name) == value, f"{name} is {getattr(config, name)!r}, which memory_form {form!r} does "
                f"not have; leave {name} out")
