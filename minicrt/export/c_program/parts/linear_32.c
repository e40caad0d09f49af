typedef const float *Matrix;                               /* (inputs, outputs), row after row */

/* y = x W + b; no b is 0 */
static void linear(float *y, const float *x, Matrix w, const float *b, int inputs, int outputs)
{
    for (int j = 0; j < outputs; j++)
        y[j] = b ? b[j] : 0;
    for (int i = 0; i < inputs; i++)
        for (int j = 0; j < outputs; j++)
            y[j] += x[i] * w[i * outputs + j];
}
