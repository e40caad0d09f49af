/* sign(v) * max(|v| + b, 0) */
static float modrelu(float v, float b)
{
    float size = fmaxf(fabsf(v) + b, 0);

    return v > 0 ? size : v < 0 ? -size : 0;
}
