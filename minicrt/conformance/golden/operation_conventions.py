"""Sentences on what a port of an operation is most likely to do differently"""

COMMON = ("Arrays are in C order, the last axis the fastest. d_… is the gradient of the sum of d_<output> ⊙ <output>.",)
ROWS = "Row vectors: y = x W + b, W stored (in, out); PyTorch's nn.Linear stores (out, in)."
SUMS = "Gradients of parameters are sums over all leading axes, not means."
SCAN = ("x is (B, T, I), the batch first. Every step's output has an upstream gradient of its own; what comes back "
        "from step t + 1 is added to it. Nothing comes back from behind the last step.")
SKIP = "The output has a skip of its own, d ⊙ x."
READ = ("x is (B, T, D), the batch first. The output reads the state after the step. Nothing comes back from behind "
        "the last step.")
GATES = ("The blocks of w, u and b stand in the order r, z, n, side by side in the columns; Keras and ONNX have z, r, "
         "n. h' = (1 − z) ⊙ n + z ⊙ h: z keeps the old state, in some papers it lets the new one in.")
GELU = "GELU is the exact form, x Φ(x) with erf; the tanh form is an operation of its own, gelu_tanh."
GELU_TANH = ("This is the tanh form of GELU, ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))); its slope is that form's own "
             "and not that of the exact one.")
RELU = "The slope of relu at 0 is 0."
HEADS = ("Heads stand side by side: head i has the features i K … (i + 1) K − 1, K = D/H. Scores are divided by √K, K "
         "being a head's width and not D.")
MASK = ("Without a mask attention is causal, aligned at the end: query i sees the keys j ≤ i + (Tk − Tq), so that all "
        "keys in front of the queries are seen. A mask is True where a query may look. The tensor "
        "`scores` is q kᵀ/√K before the mask; the probability of what is masked is exactly 0.")
SOFTMAX = "Scores are shifted by their largest before the exponential. G_s = p ⊙ (G_p − Σ_j G_p p), the sum over keys."
DROPOUT = ("Inverted dropout: y = x ⊙ mask, where mask is 1/(1 − rate) if uniform ≥ rate, else 0. `uniform` is given, "
           "in float32's precision, since no port draws our random numbers; the operation itself draws it from a "
           "generator. The gradient goes through the same mask.")

CONVENTIONS: dict[str, tuple[str, ...]] = {
    "linear": (ROWS, SUMS),
    "embedding": ("The gradient is a scatter-add: a token that occurs twice adds up. No token is padding, not even 0.",
                  "`scale` multiplies the rows that are read, and so the gradient too; the table is not scaled."),
    "layer_norm": ("The variance is the biased one, divided by D and not by D − 1; eps stands inside the root, "
                   "r = 1/√(var + eps).", "Mean and variance are functions of x: G_x has a term for either.", SUMS),
    "sigmoid": ("y = 1/(1 + e^−x), written so that neither end overflows. The slope is y (1 − y).",),
    "tanh": ("The slope is 1 − y².",),
    "relu": (RELU,),
    "gelu": (GELU,),
    "gelu_tanh": (GELU_TANH,),
    "modrelu": ("y = relu(|v| + b) sign(v), one b a feature. A positive b leaves a gap at 0, where sign(0) = 0. "
                "G_b = Σ G_y sign(v) where |v| + b > 0; in G_v the two signs cancel.",),
    "glu": ("x = [a, b] along the last axis: the first half is the value, the second the gate. y = a ⊙ σ(b).",),
    "dropout": (DROPOUT,),
    "locked_dropout": (DROPOUT, "The mask is (B, 1, D): shared over time, not over the batch."),
    "path_dropout": (DROPOUT, "The mask is (B, 1, …, 1): one for all that a row of the batch has."),
    "embedding_dropout": (DROPOUT, "The mask is (V, 1): whole rows of the table are dropped."),
    "attention": (HEADS, MASK, SOFTMAX),
    "self_attention": ("qkv = [q, k, v] along the last axis, each with its heads side by side inside; not q, k and v "
                       "of head 0, then of head 1.", HEADS, MASK, SOFTMAX),
    "linear_activation": (ROWS, SUMS),
    "gru": (GATES, SCAN, ROWS),
    "ncgru": (GATES, "n = f(x W_n + (r ⊙ h) U_n, b_n): the reset gate acts before the product. f is modrelu(v, b) = "
              "relu(|v| + b) sign(v), or tanh(v + b), by `activation`.",
              "U_n is orthogonal in the model, where scaled_cayley makes it; the operation takes any, and here it is "
              "not orthogonal.", SCAN, ROWS),
    "lstm": ("The blocks of w, u and b stand in the order i, f, g, o, as in PyTorch; Keras has i, f, c, o and ONNX i, "
             "o, f, c. There is one bias, the sum of PyTorch's two, and none is added to the forget gate.",
             "The state is s = [h, c] along the last axis, and the output is s at every step, with a gradient for "
             "either half.", SCAN, ROWS),
    "mingru": ("The blocks of w and b stand in the order z, c. h' = (1 − z) ⊙ h + z ⊙ c: here z lets the new in, "
               "unlike in gru. c is linear: no tanh, no log space.", SCAN, ROWS),
    "lru": ("N complex states are 2N real numbers: all real parts, then all imaginary parts; w is [Re B, Im B].",
            "λ = exp(−exp(ν) + i exp(θ)), γ = exp(log_gamma): the parameters are logarithms. γ multiplies x W, not h.",
            "The gradient of a complex number g is ∂/∂Re + i ∂/∂Im, and it goes back through the conjugate of λ.",
            SCAN),
    "rms_norm": ("No mean is subtracted and there is no bias: r = 1/√(mean(x²) + eps), eps inside the root, 1e-5.",
                 "r is a function of x: G_x has a second term.", SUMS),
    "causal_convolution": (
        "Each feature is convolved by itself (groups = D). The last row of weight is the present token's, as in "
        "PyTorch's conv1d with K − 1 inputs in front, which stores (D, 1, K).",
        "What lies in front of the first input is s0, not zeros: it is what the segment before ended with."),
    "selective_scan": (
        "The channels share b and c at each step; Δ, A and d are a channel's own. A is discretised by zero-order "
        "hold, exp(Δ A), and B by Euler's rule, Δ B.",
        "Δ = softplus(dt), and dt has its bias already. A = −exp(a_log).", SKIP, READ),
    "delta_rule": (
        "Keys and queries are divided by √(x·x + 1e-6), the 1e-6 inside the root; values are taken as they are.",
        "The write is β k̂ᵀ (v − k̂ S), β = σ(b) between 0 and 1: nothing else of the matrix fades. S is (K, V), keys "
        "in its rows: y = q̂ S.", "Everything is (B, T, …), the batch first, one head. The output reads the matrix "
        "after the step. Nothing comes back from behind the last step."),
    "sparse_write": (
        "Rows are ranked by the sum of squares of new − old, in each row of the batch by itself; of equal ones the "
        "first is written.", "The choice takes no gradient."),
    "pooled_queue": ("z = σ(b) keeps what is there; m^0 = u, and row i takes what row i − 1 held before the step.",
                     SUMS),
    "s4d": ("N complex states are 2N real numbers: all real parts, then all imaginary parts; c is [Re C, Im C]. Each "
            "stands for itself and its conjugate: y has 2 Re.",
            "Both A and B are discretised by zero-order hold, and B = 1: B̄ = (exp(Δ A) − 1)/A multiplies the input, "
            "not C.", "The gradient of a complex number g is ∂/∂Re + i ∂/∂Im, and it goes back through the conjugate.",
            SKIP, READ),
    "relative_attention": (
        "The queries are the last S of the J rows; key j lies i + J − S − j rows before query i. Row J − 1 − d of r "
        "belongs to distance d: r starts with the largest distance and ends with 0.",
        "score = ((q + u)·k + (q + w)·r) / √K: both biases are added before the product, and both terms are divided.",
        "r is one table for the whole batch: its gradient is a sum over it.", HEADS, MASK, SOFTMAX),
    "scaled_cayley": (
        "U = (I + A)⁻¹ (I − A) S: the inverse on the left, the signs S on the right, where they multiply columns. The "
        "last `negatives` entries of S are −1.",
        "a holds the entries of A above the diagonal, row by row; A = −Aᵀ.",
        "Q = (I + A)⁻ᵀ G_U (S + Uᵀ), G_A = Qᵀ − Q, of which the entries above the diagonal are the gradient of a: each "
        "a_ij moves a_ji as well, and nothing is halved."),
    "linear_cross_entropy": (
        "loss is the mean over the scored targets, natural logarithm; a target of −1 is not scored and not counted. "
        "Without any scored target loss and gradients are 0, not NaN.",
        "logits = z Eᵀ + b, with the table E stored (V, D), as an embedding.",
        "d_loss is not 1, and multiplies every gradient. Logits are shifted by their largest before the exponential."),
    "mean_squared_error": (
        "loss is the mean of (y − target)² over the scored entries, each feature of each step one entry; no half in "
        "front, and no root.",
        "Entries that are not scored are neither added nor counted, whatever stands there. Without any scored entry "
        "loss and gradients are 0, not NaN.",
        "d_loss is not 1, and multiplies every gradient."),
}

CONVENTIONS |= {
    "patch_embedding": (
        "Clips are (B, F, Y, X, C), channels last. A patch's numbers stand in the order frame, row, column, channel; "
        "PyTorch's convolutions store theirs as (out, channel, frame, row, column).",
        "Patches are counted row by row, those of one frame (or tube) together: y is (B, F/f, N, D).", ROWS, SUMS),
    "weighted_cross_entropy": (
        "loss is Σ_i Σ_k q_ik w_k (−log p_ik) divided by the sum of the scored targets' weights, as in PyTorch: not by "
        "the number of rows.",
        "q = (1 − ε) onehot + ε/K: ε is shared among all K classes, the target's too. Every class has its own weight, "
        "in the smoothed part as well.",
        "A target of −1 is neither scored nor counted. Without any scored target loss and gradients are 0, not NaN.",
        "d_loss is not 1, and multiplies every gradient. Logits are shifted by their largest before the exponential."),
    "binary_cross_entropy": (
        "loss is the mean over the scored targets of −t log σ(a) − (1 − t) log(1 − σ(a)), natural logarithm, each "
        "entry one question. It is computed from the logits and stays finite for any.",
        "Entries that are not scored are neither added nor counted, whatever stands there. Without any scored entry "
        "loss and gradients are 0, not NaN.",
        "d_loss is not 1, and multiplies every gradient."),
}

CONVENTIONS |= {
    "adaptive_softmax": (
        "Words are numbered by frequency. Those from 0 to S − 1 = cutoffs[0] − 1 stand in the head, followed by one "
        "score for each cluster, the first cluster's first; cluster i has the words cutoffs[i] … cutoffs[i + 1] − 1, "
        "and the last one the rest. Order and shapes are those of PyTorch's AdaptiveLogSoftmaxWithLoss.",
        "p of a rare word is its cluster's in the head times its own within the cluster.",
        "d_i = max(1, ⌊D / div_value^(i+1)⌋), from i = 0 on. Every word has a bias, those of the clusters too, which "
        "PyTorch does not have.",
        "loss is the mean over the scored targets of all clusters at once; a target of −1 is not scored and not "
        "counted.",
        "d_loss is not 1, and multiplies every gradient. Logits are shifted by their largest before the exponential."),
}

BY_OPTION: dict[tuple[str, str, object], tuple[str, ...]] = {
    ("linear_activation", "activation", "gelu"): (GELU,),
    ("linear_activation", "activation", "gelu_tanh"): (GELU_TANH,),
    ("linear_activation", "activation", "relu"): (RELU,),
    ("gru", "reset_after", True): (
        "n = tanh(x W_n + b_n + r ⊙ (h U_n + b_hn)): the reset gate acts after the product, as in cuDNN, PyTorch and "
        "ONNX with linear_before_reset=1.",
        "r and z have one bias, the sum of PyTorch's two; n has two, b_n outside of the reset gate and b_hn inside.",),
    ("gru", "reset_after", False): (
        "n = tanh(x W_n + b_n + (r ⊙ h) U_n): the reset gate acts before the product, as in Cho 2014 and ONNX with "
        "linear_before_reset=0.",
        "One bias for each of r, z and n; there is no b_hn.",),
}


def conventions(operation: str, options: dict[str, object]) -> tuple[str, ...]:
    """What holds for an operation with these options."""
    own = tuple(sentence for option, value in options.items() if isinstance(value, bool | str)
                for sentence in BY_OPTION.get((operation, option, value), ()))
    return (*own, *CONVENTIONS[operation], *COMMON)
