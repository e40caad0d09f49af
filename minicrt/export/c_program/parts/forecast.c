/* y = z O^T + b, which is the forecast in deviations from the mean; a float next to a large mean would be too coarse */
static void predict(model_stream *s, const float *z)
{
    float y[V];

    scores(y, z);
    s->forecast = (double)means[TARGET] + (double)means_rest[TARGET] + (double)y[0] * (double)deviations[TARGET];
}
