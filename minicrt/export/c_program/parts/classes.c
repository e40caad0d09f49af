/* probabilities = softmax(z O^T + b) */
static void predict(model_stream *s, const float *z)
{
    float *p = s->probabilities, largest = -INFINITY, sum = 0;

    scores(p, z);
    for (int v = 0; v < V; v++)
        largest = fmaxf(largest, p[v]);
    for (int v = 0; v < V; v++) {
        p[v] = expf(p[v] - largest);
        sum += p[v];
    }
    for (int v = 0; v < V; v++)
        p[v] /= sum;
}
