/* x Phi(x) */
static float activation(float x)
{
    return 0.5f * x * (1 + erff(x * 0.70710678f));
}
