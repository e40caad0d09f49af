typedef struct {
    Matrix w, u_gates, u_new;                              /* (D, 3n), (n, 2n), (n, n): the blocks r, z; then n */
    const float *b;
} NcGru;

/* r = sigmoid(x W_r + h U_r + b_r),  z = sigmoid(x W_z + h U_z + b_z)
   new = modrelu(x W_n + (r * h) U_n, b_n),  h <- (1 - z) * new + z * h */
static void ncgru(const NcGru *g, float *h, const float *x, int n)
{
    float a[3 * WIDEST], c[2 * WIDEST], rh[WIDEST] = {0}, v[WIDEST];

    linear(a, x, g->w, 0, D, 3 * n);
    linear(c, h, g->u_gates, g->b, n, 2 * n);
    for (int i = 0; i < n; i++)
        rh[i] = sigmoid(a[i] + c[i]) * h[i];
    linear(v, rh, g->u_new, 0, n, n);
    for (int i = 0; i < n; i++) {
        float z = sigmoid(a[n + i] + c[n + i]);

        h[i] = (1 - z) * modrelu(a[2 * n + i] + v[i], g->b[2 * n + i]) + z * h[i];
    }
}
