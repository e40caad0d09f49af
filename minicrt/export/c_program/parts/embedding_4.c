/* e = sqrt(D) E[token] */
static void embed(float *e, int token)
{
    for (int i = 0; i < D; i++)
        e[i] = sqrtf(D) * embedding_scales[token] * entry(embedding_values, embedding_shares, token, i);
}
