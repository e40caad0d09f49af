/* The row's key and value are kept; then, in each head, y = softmax(q k^T / sqrt(K)) v over the rows so far. */
static void attention(float *y, const float *qkv, float (*keys)[D], float (*values)[D], int row)
{
    memcpy(keys[row], qkv + D, sizeof keys[row]);
    memcpy(values[row], qkv + 2 * D, sizeof values[row]);
    for (int first = 0; first < D; first += K) {           /* the head's columns are first to first + K - 1 */
        float p[ROWS], largest = -INFINITY, sum = 0;

        for (int j = 0; j <= row; j++) {
            p[j] = 0;
            for (int k = first; k < first + K; k++)
                p[j] += qkv[k] * keys[j][k];
            p[j] /= sqrtf(K);
            largest = fmaxf(largest, p[j]);
        }
        for (int j = 0; j <= row; j++) {
            p[j] = expf(p[j] - largest);
            sum += p[j];
        }
        for (int k = first; k < first + K; k++) {
            y[k] = 0;
            for (int j = 0; j <= row; j++)
                y[k] += p[j] / sum * values[j][k];
        }
    }
}
