typedef struct {
    Matrix w, u;                                           /* (D, 3n) and (n, 3n): the blocks r, z, n side by side */
    const float *b, *b_hn;
} Gru;

/* r = sigmoid(x W_r + h U_r + b_r),  z = sigmoid(x W_z + h U_z + b_z)
   new = tanh(x W_n + b_n + r * (h U_n + b_hn)),  h <- (1 - z) * new + z * h */
static void gru(const Gru *g, float *h, const float *x, int n)
{
    float a[3 * WIDEST], c[3 * WIDEST];                    /* x W + b and h U */

    linear(a, x, g->w, g->b, D, 3 * n);
    linear(c, h, g->u, 0, n, 3 * n);
    for (int i = 0; i < n; i++) {
        float r = sigmoid(a[i] + c[i]);
        float z = sigmoid(a[n + i] + c[n + i]);
        float new = tanhf(a[2 * n + i] + r * (c[2 * n + i] + g->b_hn[i]));

        h[i] = (1 - z) * new + z * h[i];
    }
}
