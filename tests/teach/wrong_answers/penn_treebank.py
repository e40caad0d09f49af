"""Chapter 08"""

STUDENT = """
def perplexity(losses, targets):
    total, count = 0.0, 0
    for row, wanted in zip(losses, targets):
        for loss, target in zip(row, wanted):
            if target >= 0:
                total += loss
                count += 1
    return np.exp(total / count)

def surprisal_bits(logits, targets):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    bits = []
    for row, target in zip(p, targets):
        bits.append(-np.log2(row[target]))
    return np.array(bits)

def cut_into_segments(tokens, B, T):
    N = (len(tokens) - 1) // (B * T)
    x, y = np.zeros((N, B, T), int), np.zeros((N, B, T), int)
    for n in range(N):
        for b in range(B):
            first = b * N * T + n * T
            x[n, b] = tokens[first:first + T]
            y[n, b] = tokens[first + 1:first + T + 1]
    return x, y

def loss_by_place(losses):
    N, T = losses.shape
    mean, error = np.zeros(T), np.zeros(T)
    for t in range(T):
        column = losses[:, t]
        mean[t] = column.sum() / N
        variance = ((column - mean[t]) ** 2).sum() / (N - 1)
        error[t] = (variance / N) ** 0.5
    return mean, error
"""

PER_TOKEN = "With four times as many segments, how much shorter"
WRONG = [
    ("surprisal_bits", {"logits.max(axis=1, keepdims=True)": "logits.max(axis=0)", "e.sum(axis=1, keepdims=True)":
                        "e.sum(axis=0)"}, "known", "One row holds the scores of what?"),
    ("perplexity", {"if target >= 0:": "if True:"}, "known", "what is not scored is counted as well"),
    ("perplexity", {"total / count": "total / losses.size"}, "known", "How many tokens share the sum?"),
    ("perplexity", {"np.exp(total": "np.exp2(total"}, "known", "in nats"),
    ("perplexity", {"total / count": "total"}, "known", "Read the text twice"),
    ("perplexity", {"np.exp(total / count)": "total / count"}, "function", "is it 8?"),
    ("perplexity", {"total += loss": "total += np.exp(loss)", "np.exp(total / count)": "total / count"}, "known",
     "Which comes first"),
    ("surprisal_bits", {"np.log2": "np.log"}, "known", "it is in nats"),
    ("surprisal_bits", {"np.log2(row[target])": "np.log(row[target]) * np.log(2)"}, "known", "the other way"),
    ("surprisal_bits", {"-np.log2": "np.log2"}, "sign", "below 0"),
    ("surprisal_bits", {"e.sum(axis=1": "e.sum(axis=0"}, "known", "One row holds the scores of what?"),
    ("surprisal_bits", {"e / e.sum(axis=1, keepdims=True)": "e"}, "known", "nothing divides by the sum"),
    ("surprisal_bits", {"-np.log2(row[target])": "row[target]"}, "known", "Does a rare word surprise more"),
    ("surprisal_bits", {"row[target]": "row.max()"}, "known", "the likeliest word"),
    ("surprisal_bits", {"e = np.exp(logits - logits.max(axis=1, keepdims=True))": "e = np.exp(logits)",
                        "e.sum(axis=1, keepdims=True)": "e.sum()"}, "known", "all rows together share one sum"),
    ("surprisal_bits", {"p = e / e.sum(axis=1, keepdims=True)":
                        "p = 2 ** (logits - logits.max(axis=1, keepdims=True)) / e.sum(axis=1, keepdims=True)"},
     "known", "have they the same unit?"),
    ("cut_into_segments", {"first = b * N * T + n * T": "first = b * ((len(tokens) - 1) // B) + n * T"}, "known",
     "does row 1 begin with the token after it?"),
    ("cut_into_segments", {"N = (len(tokens) - 1)": "N = len(tokens)",
                           "tokens[first + 1:first + T + 1]": "np.roll(tokens, -1)[first:first + T]"}, "shape",
     "needs a target, too?"),
    ("cut_into_segments", {"first = b * N * T + n * T": "first = (n * B + b) * T"}, "known", "in the row below it"),
    ("cut_into_segments", {"tokens[first + 1:first + T + 1]": "tokens[first:first + T]"}, "known", "was just read"),
    ("cut_into_segments", {"tokens[first + 1:first + T + 1]": "np.roll(x[n, b], -1)"}, "known",
     "the segment's own beginning"),
    ("cut_into_segments", {"return x, y": "return y, x"}, "known", "exchanged"),
    ("cut_into_segments", {"return x, y": "return x.swapaxes(0, 1), y.swapaxes(0, 1)"}, "shape", "Which comes first"),
    ("loss_by_place", {"(variance / N) ** 0.5": "variance ** 0.5"}, "known", PER_TOKEN),
    ("perplexity", {"total, count = 0.0, 0": "return np.mean([np.exp(l[t >= 0].mean()) "
                    "for l, t in zip(losses, targets)])"}, "known", "each row has a perplexity of its own"),
    ("cut_into_segments", {"return x, y": "y = np.roll(np.concatenate(x, 1), -1, 1)\n"
                           "    return x, y.reshape(B, N, T).swapaxes(0, 1)"}, "known", "the row's own beginning"),
    ("loss_by_place", {"(N - 1)": "N", "(variance / N) ** 0.5": "variance / N"}, "known",
     ["two things", "made of the same numbers", "left squared"]),
    ("loss_by_place", {"(N - 1)": "N"}, "known", "made of the same numbers"),
    ("loss_by_place", {"(variance / N) ** 0.5": "variance / N"}, "known", "left squared"),
    ("loss_by_place", {"(variance / N) ** 0.5": "(variance / T) ** 0.5"}, "known", "How many losses does one mean"),
    ("loss_by_place", {"(variance / N) ** 0.5": "variance ** 0.5 / N"}, "known", "outside of the root"),
    ("loss_by_place", {"return mean, error": "return error, mean"}, "other", ""),
    ("perplexity", {"if target >= 0:": "if target > 0:"}, "known", ["token 0", "Which number marks"]),
    ("perplexity", {"        for loss": "        counted = sum(wanted >= 0)\n        for loss",
                    "total += loss": "total += loss / counted", "count += 1": "count = len(losses)"}, "known",
     ["a mean of the rows' means", "How much does each token count?"]),
]
