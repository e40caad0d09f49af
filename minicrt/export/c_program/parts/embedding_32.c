/* e = sqrt(D) E[token] */
static void embed(float *e, int token)
{
    for (int i = 0; i < D; i++)
        e[i] = sqrtf(D) * embedding[token * D + i];
}
