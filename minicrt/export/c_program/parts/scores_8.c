/* logits = z O^T + b, where a row of O (V, D) is its scale times small integers */
static void scores(float *logits, const float *z)
{
    for (int v = 0; v < V; v++) {
        float sum = 0;

        for (int i = 0; i < D; i++)
            sum += z[i] * (float)OUTPUT_values[v * D + i];
        logits[v] = OUTPUT_scales[v] * sum + output_bias[v];
    }
}
