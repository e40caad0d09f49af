typedef struct {
    const unsigned char *values;                           /* two rows a byte, the first in its lower four bits */
    const unsigned char *shares;                           /* (inputs / 32, outputs): 32 rows have one */
    const float *scales;                                   /* (outputs) */
} Matrix;                                                  /* W[i][j] = scales[j] * shares[i / 32][j] * (u[i][j] - 8) */

/* y = x W + b; no b is 0 */
static void linear(float *y, const float *x, Matrix w, const float *b, int inputs, int outputs)
{
    for (int j = 0; j < outputs; j++)
        y[j] = 0;
    for (int i = 0; i < inputs; i++)
        for (int j = 0; j < outputs; j++) {
            int u = w.values[i / 2 * outputs + j] >> i % 2 * 4 & 15;

            y[j] += x[i] * (float)(w.shares[i / 32 * outputs + j] * (u - 8));
        }
    for (int j = 0; j < outputs; j++)
        y[j] = w.scales[j] * y[j] + (b ? b[j] : 0);
}
