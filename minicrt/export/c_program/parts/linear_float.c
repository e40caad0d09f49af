/* y = x W + b with W (inputs, outputs) in float32, row after row; no b is 0 */
static void linear_float(float *y, const float *x, const float *w, const float *b, int inputs, int outputs)
{
    for (int j = 0; j < outputs; j++)
        y[j] = b ? b[j] : 0;
    for (int i = 0; i < inputs; i++)
        for (int j = 0; j < outputs; j++)
            y[j] += x[i] * w[i * outputs + j];
}
