"""AdamW, one equation a line; it has no backward pass"""

from minicrt.conformance.mutation.functions import sqrt, stacked


def adamw(theta0, m0, v0, gradients, count0, learning_rate, weight_decay, beta1, beta2, eps):
    theta = theta0
    m = m0
    v = v0
    steps = []
    for k in range(len(gradients)):
        g = gradients[k]
        count = count0 + k + 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat = m / (1 - beta1 ** count)
        v_hat = v / (1 - beta2 ** count)
        theta = theta - learning_rate * weight_decay * theta - learning_rate * m_hat / (sqrt(v_hat) + eps)
        steps.append(theta)
    return stacked(steps, 0)
