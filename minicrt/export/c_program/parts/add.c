static void add(float *x, const float *y)
{
    for (int i = 0; i < D; i++)
        x[i] += y[i];
}
