static float activation(float x)
{
    return x > 0 ? x : 0;
}
