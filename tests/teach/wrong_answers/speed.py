"""Chapter 11"""

STUDENT = """
def product_work(n, k, m, size):
    entries = n * m
    flops = entries * (k + k)
    read = n * k * size + k * m * size
    written = entries * size
    return flops, read + written, flops / (read + written)

def attainable(peak, bandwidth, intensity):
    by_memory = intensity * bandwidth
    return np.where(by_memory < peak, by_memory, peak)

def one_pass_softmax(y):
    N, V = y.shape
    m, s = np.full(N, -np.inf), np.zeros(N)
    for i in range(N):
        for j in range(V):
            if y[i, j] > m[i]:
                s[i] = s[i] * np.exp(m[i] - y[i, j]) + 1
                m[i] = y[i, j]
            else:
                s[i] += np.exp(y[i, j] - m[i])
    return m, s

def loss_and_gradient(y, classes):
    N, V = y.shape
    loss = 0.0
    d_y = np.zeros((N, V))
    for i in range(N):
        largest = y[i].max()
        e = np.exp(y[i] - largest)
        total = e.sum()
        loss += (np.log(total) + largest - y[i, classes[i]]) / N
        d_y[i] = e / total / N
        d_y[i, classes[i]] -= 1 / N
    return loss, d_y

def serial_share(speedup, threads):
    time = 1 / speedup
    best = 1 / threads
    return (time - best) / (1 - best)
"""

WRONG = [
    ("serial_share", {"(time - best) / (1 - best)": "time"}, "known", "and some of it did get faster"),
    ("product_work", {"(k + k)": "k"}, "known", ["half of the operations", "What else does it do"]),
    ("product_work", {"read + written, flops / (read + written)": "read, flops / read"}, "known",
     ["the result is not counted", "Where does the result go?"]),
    ("product_work", {"n * k * size + k * m * size": "n * k + k * m", "entries * size": "entries"}, "known",
     "How many bytes is one number?"),
    ("product_work", {"flops / (read + written)": "(read + written) / flops"}, "known", "on its head"),
    ("product_work", {"read = n * k * size + k * m * size": "read = n * k * m * size - entries * size"}, "known",
     "How large is each of the three arrays?"),
    ("attainable", {"by_memory < peak": "by_memory > peak"}, "known", ["larger of the two", "narrow place"]),
    ("attainable", {"np.where(by_memory < peak, by_memory, peak)": "by_memory"}, "known", "the roof is missing"),
    ("attainable", {"np.where(by_memory < peak, by_memory, peak)": "np.full(len(intensity), peak)"}, "known",
     "memory is not in it"),
    ("attainable", {"intensity * bandwidth": "bandwidth / intensity"}, "known", "rise or fall?"),
    ("attainable", {"np.where(by_memory < peak, by_memory, peak)": "min(peak, by_memory.min())"}, "shape",
     "np.minimum goes entry by entry"),
    ("one_pass_softmax", {"s[i] * np.exp(m[i] - y[i, j]) + 1": "s[i] + 1"}, "known",
     ["not brought to the new largest", "relative to which m"]),
    ("one_pass_softmax", {"s[i] * np.exp(m[i] - y[i, j]) + 1": "1"}, "known",
     ["thrown away", "or only smaller?"]),
    ("one_pass_softmax", {"np.zeros(N)": "np.ones(N)", "m, s = np.full(N, -np.inf)": "m, s = y[:, 0].copy()"}, "known",
     "the first column is counted twice"),
    ("one_pass_softmax", {"np.full(N, -np.inf)": "np.zeros(N)"}, "known", "What if all entries are below"),
    ("one_pass_softmax", {"range(V)": "range(1, V)"}, "known", "the first column is left out"),
    ("loss_and_gradient", {"np.log(total) + largest": "np.log(total)"}, "known", "does not come back"),
    ("loss_and_gradient", {"        d_y[i, classes[i]] -= 1 / N\n": ""}, "known", ["probabilities alone", "add up to"]),
    ("loss_and_gradient", {"-= 1 / N": "-= 1"}, "known", ["the right class gets", "add up to"]),
    ("loss_and_gradient", {"total / N": "total", "-= 1 / N": "-= 1"}, "known", ["that of a sum", "mean over N rows"]),
    ("loss_and_gradient", {"classes[i]]) / N": "classes[i]])"}, "known", "the loss is a sum"),
    ("loss_and_gradient", {"return loss, d_y": "return -loss, d_y"}, "sign", "loss"),
    ("loss_and_gradient", {"return loss, d_y": "return loss, -d_y"}, "sign", "d_y"),
    ("loss_and_gradient", {"return loss, d_y": "return loss"}, "shape", "1 value, expected 2"),
    ("serial_share", {"(time - best) / (1 - best)": "1 - (time - best) / (1 - best)"}, "known", "did get faster"),
    ("serial_share", {"(time - best) / (1 - best)": "speedup / threads"}, "known", "efficiency"),
    ("serial_share", {"(time - best) / (1 - best)": "1 - speedup / threads"}, "known", "lost of the threads"),
    ("serial_share", {"(time - best) / (1 - best)": "time - best"}, "known", "counted among what is shared out"),
    ("product_work", {"flops / (read": "flops // (read"}, "whole", "digits behind the point are cut off"),
    ("loss_and_gradient", {"largest - y[i, classes[i]]": "largest - y[i, classes].mean()"}, "known",
     "the classes of all rows"),
]
