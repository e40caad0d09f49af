typedef struct {
    Matrix w;                                              /* (D, 2n): the blocks z, new side by side */
    const float *b;
} MinGru;

/* z = sigmoid(x W_z + b_z),  new = x W_c + b_c,  h <- (1 - z) * h + z * new */
static void mingru(const MinGru *g, float *h, const float *x, int n)
{
    float a[2 * WIDEST];

    linear(a, x, g->w, g->b, D, 2 * n);
    for (int i = 0; i < n; i++) {
        float z = sigmoid(a[i]);

        h[i] = (1 - z) * h[i] + z * a[n + i];
    }
}
