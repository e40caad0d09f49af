/* logits = z O^T + b, with O (V, D) */
static void scores(float *logits, const float *z)
{
    for (int v = 0; v < V; v++) {
        float sum = 0;

        for (int i = 0; i < D; i++)
            sum += z[i] * entry(OUTPUT_values, OUTPUT_shares, v, i);
        logits[v] = OUTPUT_scales[v] * sum + output_bias[v];
    }
}
