typedef struct {
    Matrix w;                                              /* (D, 3n): the blocks r, z, n side by side */
    const float *u_gates, *u_new;                          /* (n, 2n), (n, n): the blocks r, z; then n */
    const float *b;
} GruBeforeFloatU;

/* r = sigmoid(x W_r + h U_r + b_r),  z = sigmoid(x W_z + h U_z + b_z)
   new = tanh(x W_n + b_n + (r * h) U_n),  h <- (1 - z) * new + z * h */
static void gru_before_float_u(const GruBeforeFloatU *g, float *h, const float *x, int n)
{
    float a[3 * WIDEST], c[2 * WIDEST], rh[WIDEST] = {0}, v[WIDEST];

    linear(a, x, g->w, g->b, D, 3 * n);
    linear_float(c, h, g->u_gates, 0, n, 2 * n);
    for (int i = 0; i < n; i++)
        rh[i] = sigmoid(a[i] + c[i]) * h[i];
    linear_float(v, rh, g->u_new, 0, n, n);
    for (int i = 0; i < n; i++) {
        float z = sigmoid(a[n + i] + c[n + i]);

        h[i] = (1 - z) * tanhf(a[2 * n + i] + v[i]) + z * h[i];
    }
}
