static void print_prediction(const model_stream *s)
{
    printf("%.6g\n", (double)s->forecast);
}
