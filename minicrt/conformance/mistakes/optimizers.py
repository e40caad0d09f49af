"""Mistakes in AdamW, in a second writing of it that keeps all that it computes"""

import numpy as np

Array = np.ndarray

SENTENCES = {
    "no bias correction": "The moments are not corrected: m and v in place of m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ).",
    "m not corrected": "The first moment is not corrected: m in place of m̂ = m/(1 − β₁ᵗ).",
    "v not corrected": "The second moment is not corrected: v in place of v̂ = v/(1 − β₂ᵗ).",
    "count from 0": "The steps are counted from 0: the bias correction is that of the step before, none at the first.",
    "count one too high": "The steps are counted one too high: the bias correction is that of the next step.",
    "decay in the gradient": "Weight decay is inside the gradient, g + λ θ, as in Adam with L2; it is apart from it.",
    "decay not scaled by the rate": "Weight decay is not multiplied by the learning rate: θ − λ θ in place of "
                                    "θ − η λ θ.",
    "decay after the step": "Weight decay acts on the updated θ in place of the θ in front of the step.",
    "no decay": "There is no weight decay: this is Adam.",
    "eps inside the root": "eps is inside the root: √(v̂ + eps) in place of √v̂ + eps.",
    "eps before the correction": "eps is added to √v before the bias correction, as TensorFlow's epsilon-hat; it is "
                                 "added to √v̂.",
    "eps forgotten": "eps is left out.",
    "eps 1e-7": "eps is 1e-7, Keras' default, in place of the given one.",
    "eps 1e-6": "eps is 1e-6 in place of the given one.",
    "betas exchanged": "β₁ and β₂ are exchanged.",
    "β₂ 0.999": "β₂ is 0.999, the default of most libraries, in place of the given one.",
    "root forgotten": "The root is forgotten: m̂/(v̂ + eps) in place of m̂/(√v̂ + eps).",
    "m without 1 − β₁": "m = β₁ m + g, as in SGD with momentum, in place of β₁ m + (1 − β₁) g.",
    "v without 1 − β₂": "v = β₂ v + g² in place of β₂ v + (1 − β₂) g².",
    "no first moment": "The update has g in place of m̂: this is RMSprop.",
    "moments of the step before": "The update uses the moments of the step before: they are updated after θ.",
    "largest v": "The update has the largest v so far in place of v: this is AMSGrad.",
    "sign of the update": "The update has the opposite sign: θ goes up the gradient.",
}
EPS = {"eps 1e-7": 1e-7, "eps 1e-6": 1e-6, "eps forgotten": 0.0}


def adamw(defects: frozenset[str], theta0: Array, m0: Array, v0: Array, gradients: Array, count0: int,
          learning_rate: float, weight_decay: float, beta1: float, beta2: float, eps: float) -> dict[str, Array]:
    """m, v, m_hat, v_hat and theta, after every step (T, N)"""
    if "betas exchanged" in defects:
        beta1, beta2 = beta2, beta1
    beta2 = 0.999 if "β₂ 0.999" in defects else beta2
    eps = next((EPS[name] for name in EPS if name in defects), eps)
    theta, m, v, largest, steps = theta0, m0, v0, v0, []
    for k, gradient in enumerate(gradients):
        g = gradient + weight_decay * theta if "decay in the gradient" in defects else gradient
        before = m, v
        m = beta1 * m + (1 if "m without 1 − β₁" in defects else 1 - beta1) * g
        v = beta2 * v + (1 if "v without 1 − β₂" in defects else 1 - beta2) * g * g
        used_m, used_v = before if "moments of the step before" in defects else (m, v)
        largest = np.maximum(largest, used_v)
        m_hat, v_hat, root = corrected(used_m, largest if "largest v" in defects else used_v,
                                       count0 + k + 1, beta1, beta2, eps, defects)
        step = learning_rate * (g if "no first moment" in defects else m_hat) / root
        theta = decayed(theta, -step if "sign of the update" in defects else step, learning_rate, weight_decay, defects)
        steps.append((m, v, m_hat, v_hat, theta))
    return {name: np.stack(values) for name, values in zip(("m", "v", "m_hat", "v_hat", "theta"), zip(*steps))}


def corrected(m: Array, v: Array, t: int, beta1: float, beta2: float, eps: float, defects: frozenset[str]
              ) -> tuple[Array, Array, Array]:
    """m̂, v̂ and √v̂ + eps at step t"""
    t += ("count one too high" in defects) - ("count from 0" in defects)
    unbias1 = 1 if t == 0 or defects & {"no bias correction", "m not corrected"} else 1 - beta1 ** t
    unbias2 = 1 if t == 0 or defects & {"no bias correction", "v not corrected"} else 1 - beta2 ** t
    m_hat, v_hat = m / unbias1, v / unbias2
    if "eps inside the root" in defects:
        return m_hat, v_hat, np.sqrt(v_hat + eps)
    if "eps before the correction" in defects:
        return m_hat, v_hat, (np.sqrt(v) + eps) / np.sqrt(unbias2)
    return m_hat, v_hat, (v_hat if "root forgotten" in defects else np.sqrt(v_hat)) + eps


def decayed(theta: Array, step: Array, learning_rate: float, weight_decay: float, defects: frozenset[str]) -> Array:
    """θ − η λ θ − step"""
    if defects & {"no decay", "decay in the gradient"}:
        return theta - step
    rate = (1 if "decay not scaled by the rate" in defects else learning_rate) * weight_decay
    return (1 - rate) * (theta - step) if "decay after the step" in defects else (1 - rate) * theta - step
