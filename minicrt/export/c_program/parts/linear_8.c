typedef struct {
    const signed char *values;                             /* (inputs, outputs), row after row */
    const float *scales;                                   /* (outputs) */
} Matrix;                                                  /* W[i][j] = scales[j] * values[i][j] */

/* y = x W + b; no b is 0 */
static void linear(float *y, const float *x, Matrix w, const float *b, int inputs, int outputs)
{
    for (int j = 0; j < outputs; j++)
        y[j] = 0;
    for (int i = 0; i < inputs; i++)
        for (int j = 0; j < outputs; j++)
            y[j] += x[i] * (float)w.values[i * outputs + j];
    for (int j = 0; j < outputs; j++)
        y[j] = w.scales[j] * y[j] + (b ? b[j] : 0);
}
