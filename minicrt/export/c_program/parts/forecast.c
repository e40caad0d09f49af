/* y = z O^T + b, which is the forecast in deviations from the mean */
static void predict(model_stream *s, const float *z)
{
    float y[V];

    scores(y, z);
    s->forecast = means[TARGET] + (y[0] * deviations[TARGET] + means_rest[TARGET]);
}
