/* logits = z O^T + b, with O (V, D) */
static void scores(float *logits, const float *z)
{
    for (int v = 0; v < V; v++) {
        logits[v] = output_bias[v];
        for (int i = 0; i < D; i++)
            logits[v] += z[i] * OUTPUT[v * D + i];
    }
}
