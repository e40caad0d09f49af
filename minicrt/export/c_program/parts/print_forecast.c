static void print_prediction(const model_stream *s)
{
    printf("%.9g\n", s->forecast);
}
