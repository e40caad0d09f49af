typedef struct {
    Matrix w;                                              /* (D, n) */
    const float *re, *im;                                  /* of lambda, n / 2 complex numbers */
} Lru;

/* h <- lambda * h + x W, complex: the real parts are h[0 .. n/2 - 1], the imaginary ones stand behind them */
static void lru(const Lru *g, float *h, const float *x, int n)
{
    float a[WIDEST];

    linear(a, x, g->w, 0, D, n);
    for (int i = 0; i < n / 2; i++) {
        float re = h[i], im = h[n / 2 + i];

        h[i] = g->re[i] * re - g->im[i] * im + a[i];
        h[n / 2 + i] = g->im[i] * re + g->re[i] * im + a[n / 2 + i];
    }
}
