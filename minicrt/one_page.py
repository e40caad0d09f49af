"""The Compact Recurrent Transformer (arXiv 2505.00929) on one page: every forward, every gradient, and training.

One segment of T tokens, given the memory m_{N−1} and the position p_0 that the segment before it left:

        e_t = √D E[token_t]                                      the embedding
    (1) p_t = GRU(e_t, p_{t−1}),   x_t = e_t + p_t               recurrent positions
    (2) s = [m_{N−1} ; x_1 … x_T]                                the memory token in front, which every token sees
    (3) [· ; y_1 … y_T] = LN(Block_L(… Block_1(s)))              a shallow causal Transformer
    (4) h_t = GRU(y_t, h_{t−1}),   h_0 = m_{N−1},   m_N = h_T    the memory is written
    (5) z_t = y_t + h_t + (1 + y_t) ⊙ r,   r = m_{N−1} W_r       and read
        loss = −mean log softmax(z_t Eᵀ + b)[token_{t+1}]
    (6) gradients cross the boundaries inside a window of segments and stop at its edge

The numbers are those of docs/spec.md, 2.2; they stand in the code wherever the equation does, forward and backward.
B streams of text, T tokens, S = 1 + T, D width, F inner width, V vocabulary; d_y is the gradient of the loss with
respect to y. This is the default configuration of `minicrt.models.CRT`, equal to it in every gradient, and no other.

    Where is the memory written?      (4) in `forward`
    What is its gradient?             (4) and (2) in `backward`; (6) in `window_gradient`
    How do I try another cell?        change the line MEMORY = …

    python -m minicrt.one_page        learns from the documentation of Python, in about a minute
"""

import argparse
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from minicrt import ops
from minicrt.data.corpora import load_corpus
from minicrt.errors import DataError

WIDTH, INNER, HEADS, LAYERS = 96, 384, 4, 2                              # D, F, H, L
ROWS, LENGTH, WINDOW, STEPS = 20, 35, 2, 256                             # B, T, segments in a window, updates
SPAN = 1                                                                 # segments that the memory has to bridge
LEARNING_RATE, WARM_UP, WEIGHT_DECAY, CLIP = 3e-3, 50, 0.1, 1.0
BETA_1, BETA_2, EPS = 0.9, 0.99, 1e-8                                    # of AdamW

Array = np.ndarray
Parameters = dict[str, Array]                                            # by name; gradients have the same names
Segment = tuple[Array, Array]                                            # tokens (B, T), targets (B, T)


class State(NamedTuple):
    """What goes on to the next segment; as a gradient, what comes back from it."""

    memory: Array                                                        # m (B, D)
    positions: Array                                                     # p (B, D)


def first_state(p: Parameters, rows: int) -> State:
    """A text begins: m = m_0, which is learned, and p = 0."""
    m_0 = np.repeat(p["memory.start"], rows, axis=0)                     # (B, D)
    return State(memory=m_0, positions=np.zeros_like(m_0))


class Cell(NamedTuple):
    """h, cache = scan(x, h_0, *weights);   d_x, d_h_0, *d_weights = scan_backward(d_h, cache, d_h_T)"""

    scan: Callable[..., Any]
    scan_backward: Callable[..., Any]
    shapes: Callable[[int], dict[str, tuple[int, ...]]]                  # of the weights, for a width D

    def forward(self, p: Parameters, name: str, x: Array, h_0: Array) -> tuple[Array, Any]:
        """h_t = cell(x_t, h_{t−1})                                      (B, T, D), (B, D) -> (B, T, D)"""
        return self.scan(x, h_0, *(p[name + weight] for weight in self.shapes(x.shape[2])))

    def backward(self, g: Parameters, name: str, d_h: Array, d_h_T: Array, cache: Any) -> tuple[Array, Array]:
        """d_h from this segment, d_h_T from the next                    (B, T, D), (B, D) -> d_x (B, T, D), d_h_0"""
        d_x, d_h_0, *d_weights = self.scan_backward(d_h, cache, d_h_T)
        add(g, name, **dict(zip(self.shapes(d_x.shape[2]), d_weights)))
        return d_x, d_h_0


GRU = Cell(ops.gru, ops.gru_backward, lambda D: {"w": (D, 3 * D), "u": (D, 3 * D), "b": (3 * D,), "b_hn": (D,)})
POSITIONS = GRU
MEMORY = GRU    # another: Cell(ops.mingru, ops.mingru_backward, lambda D: {"w": (D, 2 * D), "b": (2 * D,)})


def add(g: Parameters, name: str, **gradients: Array) -> None:
    """The gradient of a parameter is the sum over all that it does."""
    for weight, gradient in gradients.items():
        g[name + weight] += gradient


# ---------------------------------------- One segment, forward and backward ----------------------------------------

class Caches(NamedTuple):
    """What each operation of a segment keeps for its backward pass"""

    embedding: Any
    positions: Any
    blocks: list["BlockCaches"]
    norm: Any
    y: Array
    memory: Any
    r: Array
    read: Any
    loss: Any


def forward(p: Parameters, tokens: Array, targets: Array, state: State) -> tuple[Any, State, Caches]:
    """tokens, targets, (m_{N−1}, p_0)   ->   loss, (m_N, p_T)"""
    e, embedding = ops.embedding(tokens, p["embedding"], math.sqrt(p["embedding"].shape[1]))       #     (B, T, D)
    p_t, positions = POSITIONS.forward(p, "positions.", e, state.positions)                        # (1) (B, T, D)
    x = e + p_t
    s = np.concatenate([state.memory[:, None], x], axis=1)                                         # (2) (B, S, D)
    blocks = []
    for layer in range(LAYERS):                                                                    # (3)
        s, caches = block(p, f"blocks.{layer}.", s)
        blocks.append(caches)
    y, norm = ops.layer_norm(s[:, 1:], p["norm_final.gain"], p["norm_final.bias"])                 #     (B, T, D)
    h, memory = MEMORY.forward(p, "memory.0.", y, state.memory)                                    # (4) (B, T, D)
    r, read = ops.linear(state.memory, p["memory.read"])                                           # (5) (B, D)
    z = y + h + (1 + y) * r[:, None]                                                               #     (B, T, D)
    nll, loss = ops.linear_cross_entropy(z, p["embedding"], p["output.bias"], targets)
    return nll, State(h[:, -1], p_t[:, -1]), Caches(embedding, positions, blocks, norm, y, memory, r, read, loss)


def backward(d_loss: float, d_state: State, caches: Caches, g: Parameters) -> State:
    """d_loss, (d_m_N, d_p_T)   ->   (d_m_{N−1}, d_p_0);   the parameters' gradients are added into g."""
    d_z, d_table, d_bias = ops.linear_cross_entropy_backward(d_loss, caches.loss)                  # (5)
    add(g, "", **{"embedding": d_table, "output.bias": d_bias})
    d_h, d_y, d_r = d_z, (1 + caches.r[:, None]) * d_z, ((1 + caches.y) * d_z).sum(1)    #     one r for all T
    d_m_read, d_w_r, _ = ops.linear_backward(d_r, caches.read)
    add(g, "memory.", read=d_w_r)
    d_y_read, d_m = MEMORY.backward(g, "memory.0.", d_h, d_state.memory, caches.memory)            # (4) m is h_0
    d_y, d_gain, d_bias = ops.layer_norm_backward(d_y + d_y_read, caches.norm)
    add(g, "norm_final.", gain=d_gain, bias=d_bias)
    d_s = np.concatenate([np.zeros_like(d_m)[:, None], d_y], axis=1)                               #     y_0 is not read
    for layer in reversed(range(LAYERS)):                                                          # (3)
        d_s = block_backward(g, f"blocks.{layer}.", d_s, caches.blocks[layer])
    d_m, d_x = d_m_read + d_m + d_s[:, 0], d_s[:, 1:]                                              # (2) m is the token
    d_e, d_p_0 = POSITIONS.backward(g, "positions.", d_x, d_state.positions, caches.positions)     # (1)
    ops.embedding_backward(d_x + d_e, caches.embedding, into=g["embedding"])                       #     x = e + p_t
    return State(memory=d_m, positions=d_p_0)


class BlockCaches(NamedTuple):
    """The same of a block, in the order of its operations"""

    norm_attention: Any
    qkv: Any
    attention: Any
    out: Any
    norm_feed_forward: Any
    inner: Any
    outer: Any


def block(p: Parameters, b: str, x: Array) -> tuple[Array, BlockCaches]:
    """x ← x + Attention(LN(x)),   x ← x + FeedForward(LN(x))            (B, S, D) -> (B, S, D)"""
    normed, norm_attention = ops.layer_norm(x, p[b + "norm_attention.gain"], p[b + "norm_attention.bias"])
    q_k_v, qkv = ops.linear(normed, p[b + "attention.w_qkv"], p[b + "attention.b_qkv"])            # (B, S, 3D)
    heads, attention = ops.self_attention(q_k_v, HEADS)                  # softmax(q kᵀ/√K + causal mask) v, K = D/H
    attended, out = ops.linear(heads, p[b + "attention.w_out"], p[b + "attention.b_out"])
    x = x + attended
    normed, norm_feed_forward = ops.layer_norm(x, p[b + "norm_feed_forward.gain"], p[b + "norm_feed_forward.bias"])
    f, inner = ops.linear_activation(normed, p[b + "feed_forward.w_in"], p[b + "feed_forward.b_in"], "gelu")
    fed, outer = ops.linear(f, p[b + "feed_forward.w_out"], p[b + "feed_forward.b_out"])           # f (B, S, F)
    return x + fed, BlockCaches(norm_attention, qkv, attention, out, norm_feed_forward, inner, outer)


def block_backward(g: Parameters, b: str, d_x: Array, caches: BlockCaches) -> Array:
    """The same from the end: a sum hands its gradient to both of its terms.   (B, S, D) -> (B, S, D)"""
    d_f, d_w, d_b = ops.linear_backward(d_x, caches.outer)
    add(g, b + "feed_forward.", w_out=d_w, b_out=d_b)
    d_normed, d_w, d_b = ops.linear_activation_backward(d_f, caches.inner)
    add(g, b + "feed_forward.", w_in=d_w, b_in=d_b)
    d_branch, d_gain, d_bias = ops.layer_norm_backward(d_normed, caches.norm_feed_forward)
    add(g, b + "norm_feed_forward.", gain=d_gain, bias=d_bias)
    d_x = d_x + d_branch                                                                           # x + fed
    d_heads, d_w, d_b = ops.linear_backward(d_x, caches.out)
    add(g, b + "attention.", w_out=d_w, b_out=d_b)
    d_normed, d_w, d_b = ops.linear_backward(ops.self_attention_backward(d_heads, caches.attention), caches.qkv)
    add(g, b + "attention.", w_qkv=d_w, b_qkv=d_b)
    d_branch, d_gain, d_bias = ops.layer_norm_backward(d_normed, caches.norm_attention)
    add(g, b + "norm_attention.", gain=d_gain, bias=d_bias)
    return d_x + d_branch                                                                          # x + attended


# ------------------------------------------- Many segments, and training -------------------------------------------

def window_gradient(p: Parameters, window: Sequence[Segment], state: State | None = None
                    ) -> tuple[float, State, Parameters]:
    """The mean loss of segments in a row, the state after them, the gradient through all; None: a text begins."""
    loss, caches, g = 0.0, [], {name: np.zeros_like(value) for name, value in p.items()}
    begins = state is None
    state = state or first_state(p, len(window[0][0]))
    for tokens, targets in window:
        segment_loss, state, kept = forward(p, tokens, targets, state)
        loss += float(segment_loss) / len(window)
        caches.append(kept)
    d_state = State(np.zeros_like(state.memory), np.zeros_like(state.positions))         # (6) from later windows: none,
    for kept in reversed(caches):
        d_state = backward(1 / len(window), d_state, kept, g)
    if begins:                                                           # (6) and d_state goes to none before, but m_0
        add(g, "memory.", start=d_state.memory.sum(0, keepdims=True))
    return loss, state, g


def initial(rng: np.random.Generator, V: int, D: int = WIDTH, F: int = INNER, dtype: Any = np.float32) -> Parameters:
    """Matrices N(0, 1/inputs), those that end in the sum x smaller by √(2L); cells U(±1/√D); biases 0, gains 1."""
    def normal(size: float, *shape: int) -> Array:
        return size * rng.standard_normal(shape)

    def recurrent(name: str, cell: Cell) -> Parameters:
        return {name + weight: rng.uniform(-D ** -0.5, D ** -0.5, shape) if len(shape) == 2 else np.zeros(shape)
                for weight, shape in cell.shapes(D).items()}

    p = {"embedding": normal(0.5 * D ** -0.5, V, D)}                     # so the entries of e have size ½
    p |= recurrent("positions.", POSITIONS) | {"memory.start": normal(1.0, 1, D)}
    p |= recurrent("memory.0.", MEMORY) | {"memory.read": normal(min(1, SPAN * LENGTH / 128) * D ** -0.5, D, D)}
    if MEMORY is GRU:                                                    # of m a unit keeps σ(b) a token, b from 0 up
        p["memory.0.b"][D:2 * D] = math.log(SPAN * LENGTH) * (np.arange(D) + 0.5) / D
    for b in (f"blocks.{layer}." for layer in range(LAYERS)):
        p |= {b + "norm_attention.gain": np.ones(D), b + "norm_attention.bias": np.zeros(D),
              b + "norm_feed_forward.gain": np.ones(D), b + "norm_feed_forward.bias": np.zeros(D),
              b + "attention.w_qkv": normal(D ** -0.5, D, 3 * D), b + "attention.b_qkv": np.zeros(3 * D),
              b + "attention.w_out": normal((2 * LAYERS * D) ** -0.5, D, D), b + "attention.b_out": np.zeros(D),
              b + "feed_forward.w_in": normal(D ** -0.5, D, F), b + "feed_forward.b_in": np.zeros(F),
              b + "feed_forward.w_out": normal((2 * LAYERS * F) ** -0.5, F, D), b + "feed_forward.b_out": np.zeros(D)}
    p |= {"norm_final.gain": np.ones(D), "norm_final.bias": np.zeros(D), "output.bias": np.zeros(V)}
    return {name: value.astype(dtype) for name, value in p.items()}


def update(p: Parameters, g: Parameters, moments: dict[str, Array], count: int, rate: float) -> None:
    """AdamW, after the whole gradient is clipped to the norm CLIP; matrices decay, the embedding and m_0 do not:
    m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,   θ ← θ − η λ θ − η m̂/(√v̂ + ε)
    with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ) at step t."""
    norm = math.sqrt(sum(ops.global_norm(gradient.ravel()) ** 2 for gradient in g.values()))
    for name, theta in p.items():
        decay = WEIGHT_DECAY if theta.ndim == 2 and name not in ("embedding", "memory.start") else 0.0
        m, v = moments[name]
        ops.adamw_update(theta.reshape(-1), g[name].ravel(), m, v, count, rate, decay, BETA_1, BETA_2, EPS,
                         min(1.0, CLIP / (norm + 1e-6)))


def segments(tokens: Array, rows: int) -> list[Segment]:
    """The text as `rows` streams: segment N + 1 of each goes on where segment N ended. A remainder is left out."""
    number = (len(tokens) - 1) // (rows * LENGTH)
    size, shape = rows * number * LENGTH, (rows, number, LENGTH)
    inputs, targets = tokens[:-1][:size].reshape(shape), tokens[1:][:size].reshape(shape)
    return [(inputs[:, n], targets[:, n]) for n in range(number)]


def train(p: Parameters, text: Sequence[Segment], steps: int) -> list[float]:
    """The loss of every step; p is changed. The text is read over and over, the state carried from window to window,
    and the learning rate rises in a straight line and falls along half a cosine."""
    windows = [text[n:n + WINDOW] for n in range(0, len(text), WINDOW)]
    moments, losses = {name: np.zeros((2, value.size), value.dtype) for name, value in p.items()}, list[float]()
    for step in tqdm(range(steps), unit=" steps", disable=None):         # a bar, where there is a terminal
        if step % len(windows) == 0:
            state = None
        loss, state, g = window_gradient(p, windows[step % len(windows)], state)
        rate = min((step + 1) / WARM_UP, (1 + math.cos(math.pi * step / steps)) / 2)
        update(p, g, moments, step + 1, LEARNING_RATE * rate)
        losses.append(loss)
        if len(losses) % len(windows) == 0:
            tqdm.write(f"epoch {len(losses) // len(windows)}   loss {np.mean(losses[-len(windows):]):.3f}")
    return losses


def perplexity(p: Parameters, text: Sequence[Segment], with_memory: bool = True) -> float:
    """exp of the mean loss, the state carried; without memory every segment starts from m_0."""
    state, loss = first_state(p, len(text[0][0])), 0.0
    m_0 = state.memory
    for tokens, targets in text:
        segment_loss, state, _ = forward(p, tokens, targets, state)
        loss += float(segment_loss) / len(text)
        if not with_memory:
            state = state._replace(memory=m_0)
    return math.exp(loss)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m minicrt.one_page", description=__doc__.splitlines()[0])
    parser.parse_args()
    try:
        corpus = load_corpus("python-docs")
        p = initial(np.random.default_rng(0), corpus.vocabulary.size)
        print(f"{sum(value.size for value in p.values()):,} parameters, {len(corpus.train):,} tokens of training text")
        with threadpool_limits(1):                           # products as small as these are slower on several threads
            train(p, segments(corpus.train, ROWS), STEPS)
            text = segments(corpus.valid, ROWS // 2)
            print(f"validation perplexity {perplexity(p, text):.1f}, without memory {perplexity(p, text, False):.1f}")
    except DataError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        parser.exit(130, "interrupted\n")


if __name__ == "__main__":
    main()
