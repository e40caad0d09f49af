/* x = (reading - mean) / deviation */
static float scaled(const float *reading, int c)
{
    return (reading[c] - means[c] - means_rest[c]) / deviations[c];
}

/* e = [x, m] W + b; of a number that is missing x is 0 and m is 1 */
static void embed(float *e, const float *reading)
{
    float both[2 * C];

    for (int c = 0; c < C; c++) {
        int missing = isnan(reading[c]) != 0;

        both[c] = missing ? 0 : scaled(reading, c);
        both[C + c] = (float)missing;
    }
    linear(e, both, input_weight, input_bias, 2 * C, D);
}
