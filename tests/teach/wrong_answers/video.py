"""Chapter 14"""

STUDENT = """
def cut_patches(x, s):
    frames = []
    for frame in x:
        squares = []
        for top in range(0, frame.shape[0], s):
            for left in range(0, frame.shape[1], s):
                squares.append(frame[top:top + s, left:left + s].ravel())
        frames.append(squares)
    return np.array(frames)

def patch_gradient(d_e, patches, W, s, Y, X):
    D = d_e.shape[2]
    rows = patches.reshape(-1, patches.shape[2])
    d_rows = d_e.reshape(-1, D)
    d_W = rows.T @ d_rows
    d_b = np.sum(d_rows, axis=0)
    d_x = np.zeros((len(d_e), Y, X, rows.shape[1] // s ** 2))
    n = 0
    for top in range(0, Y, s):
        for left in range(0, X, s):
            back = d_e[:, n] @ W.T
            d_x[:, top:top + s, left:left + s] = back.reshape(len(d_e), s, s, -1)
            n += 1
    return d_x, d_W, d_b

def divide_rows(x, R, T):
    first, rest = x[:R], x[R:]
    N = len(rest) // T
    over_time = np.array([rest[n::N] for n in range(N)])
    in_frames = np.array([np.vstack([first, rest[t * N:(t + 1) * N]]) for t in range(T)])
    return over_time, in_frames

def attention_pairs(R, T, N):
    rows = R + N * T
    frame = R + N
    return rows * rows, T * frame * frame + T * T * N

def accuracies(labels, predicted, K):
    hit = (labels == predicted).astype(float)
    known = [k for k in range(K) if (labels == k).any()]
    of_classes = [hit[labels == k].sum() / (labels == k).sum() for k in known]
    return hit.sum() / len(hit), sum(of_classes) / len(known)

def weighted_gradient(d_loss, y, classes, w):
    p = np.exp(y) / np.exp(y).sum(axis=1)[:, None]
    d_y = p.copy()
    d_y[np.arange(len(y)), classes] -= 1
    share = w[classes] / np.sum(w[classes])
    return d_loss * d_y * share[:, None]
"""

EINSUM = "rows.T @ d_rows"
OF_THE_CLASS = "hit[labels == k].sum() / (labels == k).sum() for k in known"

WRONG = [
    ("cut_patches", {"return np.array(frames)": "return x.reshape(len(x), -1, s * s * x.shape[3])"}, "known",
     "a strip, and no square"),
    ("cut_patches", {"for top in range(0, frame.shape[0], s)": "for left in range(0, frame.shape[1], s)",
                     "for left in range(0, frame.shape[1], s):\n                s": "for top in range(0, "
                     "frame.shape[0], s):\n                s"}, "known", "column by column"),
    ("cut_patches", {"left:left + s].ravel()": "left:left + s].swapaxes(0, 1).ravel()"}, "known",
     "a square's pixels are counted column by column"),
    ("cut_patches", {"left:left + s].ravel()": "left:left + s].transpose(2, 0, 1).ravel()"}, "known",
     "the channels of a square come first"),
    ("cut_patches", {"frame[top:top + s, left:left + s]":
                     "frame[top // s::len(frame) // s, left // s::frame.shape[1] // s]"}, "known",
     "come from all over the frame"),
    ("cut_patches", {"frames.append(squares)": "frames.append(np.concatenate(squares))"}, "shape", "how many numbers"),
    ("patch_gradient", {"return d_x": "return (d_e @ W.T).reshape(d_x.shape)"}, "known", "spread over a strip"),
    ("patch_gradient", {"s, s, -1)": "s, s, -1).swapaxes(1, 2)"}, "known", "rows and columns of each square"),
    ("patch_gradient", {"for top in range(0, Y, s):\n        for left in range(0, X, s):":
                        "for left in range(0, X, s):\n        for top in range(0, Y, s):"}, "known",
     "squares are counted column by column"),
    ("patch_gradient", {"d_x[:, top:top + s, left:left + s]": "d_x[:, top // s::Y // s, left // s::X // s]"}, "known",
     "strewn over the frame"),
    ("patch_gradient", {EINSUM: "patches[0].T @ d_e[0]"}, "known", "only the first frame's part"),
    ("patch_gradient", {EINSUM: "patches[-1].T @ d_e[-1]"}, "known", "only the last frame's part"),
    ("patch_gradient", {EINSUM: "rows.T @ d_rows / len(d_e)"}, "known", "a mean over the frames"),
    ("patch_gradient", {EINSUM: "rows.T @ d_rows / len(rows)"}, "known", "d_W is a mean over the patches"),
    ("patch_gradient", {"np.sum(d_rows, axis=0)": "np.mean(d_rows, axis=0)"}, "known", "d_b is a mean"),
    ("patch_gradient", {"np.sum(d_rows, axis=0)": "d_e.sum(1)"}, "shape", "the gradient of"),
    ("divide_rows", {"[rest[n::N] for n in range(N)]": "rest.reshape(N, T, -1)"}, "known",
     "and no patch at all times"),
    ("divide_rows", {"np.array([rest[n::N] for n in range(N)])": "rest.reshape(T, N, -1)"}, "shape",
     "How many rows take part over time"),
    ("divide_rows", {"[first, rest[t * N:(t + 1) * N]]": "[rest[t * N:(t + 1) * N], first]"}, "known",
     "stand behind the patches"),
    ("divide_rows", {"x[:R], x[R:]": "x[-R:], x[:-R]"}, "known", "looked for at the end"),
    ("divide_rows", {"rest[t * N:(t + 1) * N]": "rest[t::T]"}, "known", "patch by patch"),
    ("divide_rows", {"x[:R], x[R:]": "np.repeat(x[:R].mean(0)[None], R, axis=0), x[R:]"}, "known",
     "the mean of the rows of no place"),
    ("divide_rows", {"[first, rest[t": "[first * (t == 0), rest[t"}, "known", "only the first frame"),
    ("attention_pairs", {"rows = R + N * T": "rows = N * T", "frame = R + N": "frame = N"}, "known",
     "left out in both"),
    ("attention_pairs", {"rows = R + N * T": "rows = N * T"}, "known", "left out of joint"),
    ("attention_pairs", {"frame = R + N": "frame = N"}, "known", "left out of divided"),
    ("attention_pairs", {" + T * T * N": ""}, "known", "attention over time is left out"),
    ("attention_pairs", {"T * frame * frame + ": ""}, "known", "attention in the frames is left out"),
    ("attention_pairs", {"T * T * N": "T * T"}, "known", "over time one patch is counted"),
    ("attention_pairs", {"T * frame * frame": "frame * frame"}, "known", "one frame is counted"),
    ("attention_pairs", {"rows * rows": "rows * (rows + 1) // 2"}, "known", "as in a text"),
    ("accuracies", {"sum(of_classes) / len(known)": "hit.mean()"}, "known", "all videos count alike"),
    ("accuracies", {"sum(of_classes) / len(known)": "sum(of_classes) / K"}, "known", "always wrong"),
    ("accuracies", {" if (labels == k).any()": "", "hit[labels == k].sum() / (labels == k).sum()":
                    "np.divide(hit[labels == k].sum(), (labels == k).sum(), out=np.array(np.nan), where=(labels == "
                    "k).any())"}, "finite", "the mean of no numbers"),
    ("accuracies", {" if (labels == k).any()": " if (predicted == k).any()",
                    OF_THE_CLASS: "hit[predicted == k].mean() for k in known"}, "known", "told rightly"),
    ("accuracies", {"sum(of_classes) / len(known)": "np.median(of_classes)"}, "known", "the middle share"),
    ("weighted_gradient", {"np.sum(w[classes])": "len(y)"}, "known", "the number of videos"),
    ("weighted_gradient", {"np.sum(w[classes])": "np.sum(w)"}, "known", "weights of the classes"),
    ("weighted_gradient", {" / np.sum(w[classes])": ""}, "known", "not divided by anything"),
    ("weighted_gradient", {"w[classes] / np.sum(w[classes])": "np.ones(len(y)) / len(y)"}, "known",
     "all classes weigh the same"),
    ("weighted_gradient", {"* share[:, None]": "* w / np.sum(w[classes])"}, "known", "a weight of its own"),
    ("weighted_gradient", {"-= 1": "-= w[classes]", "share = w[classes] / ": "share = np.ones(len(y)) / "}, "known",
     "at the right class alone"),
    ("weighted_gradient", {"d_y = p.copy()": "d_y = -p", "-= 1": "+= 1"}, "known", "the other way round"),
    ("weighted_gradient", {"d_y[np.arange(len(y)), classes] -= 1": "pass"}, "known", "play no part"),
    ("weighted_gradient", {"d_loss * d_y": "d_y"}, "known", "upstream gradient is lost"),
    ("weighted_gradient", {"axis=1)[:, None]": "axis=0)"}, "known", "those of a video"),
]
