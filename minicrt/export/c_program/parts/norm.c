/* y = gain * (x - mean) / sqrt(variance + 1e-5) + bias */
static void norm(float *y, const float *x, const float *gain, const float *bias)
{
    float mean = 0, variance = 0;

    for (int i = 0; i < D; i++)
        mean += x[i] / D;
    for (int i = 0; i < D; i++)
        variance += (x[i] - mean) * (x[i] - mean) / D;
    for (int i = 0; i < D; i++)
        y[i] = gain[i] * (x[i] - mean) / sqrtf(variance + 1e-5f) + bias[i];
}
