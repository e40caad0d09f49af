static void print_prediction(const model_stream *s)
{
    int best = 0;

    for (int v = 1; v < MODEL_CLASSES; v++)
        if (s->probabilities[v] > s->probabilities[best])
            best = v;
    printf("%s\t%.4f\n", classes[best], (double)s->probabilities[best]);
}
