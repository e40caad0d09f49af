"""Chapter 07: the CRT on one page"""


def read_memory(y, h, m, W_r):                  # (B, T, D) twice, (B, D), (D, D)
    """z_t = y_t + h_t + (1 + y_t) * r with r = m @ W_r, one r for all T tokens"""
    r = (m @ W_r)[:, None]
    return y + h + (1 + y) * r


def read_memory_backward(d_z, y, m, W_r):       # (B, T, D) twice, (B, D), (D, D)
    """d_y, d_h, d_m and d_W_r of z = read_memory(y, h, m, W_r)"""
    r = (m @ W_r)[:, None]
    d_y = d_z * (1 + r)
    d_h = d_z
    d_r = (d_z * (1 + y)).sum(1)
    d_m = d_r @ W_r.T
    d_W_r = m.T @ d_r
    return d_y, d_h, d_m, d_W_r


def memory_gradient(d_s, d_h_0, d_read):        # (B, 1 + T, D), (B, D) twice
    """What is sent back to the segment before, and what goes on to the tokens.

    d_s is the gradient of s = [m ; x_1 ... x_T], d_h_0 that of the writer's start,
    d_read what comes back from the reading; returns d_m (B, D), d_x (B, T, D)
    """
    d_m = d_s[:, 0] + d_h_0 + d_read
    return d_m, d_s[:, 1:]
