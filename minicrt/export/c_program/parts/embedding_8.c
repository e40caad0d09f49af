/* e = sqrt(D) E[token], where a row of E is its scale times small integers */
static void embed(float *e, int token)
{
    for (int i = 0; i < D; i++)
        e[i] = sqrtf(D) * embedding_scales[token] * (float)embedding_values[token * D + i];
}
