static float sigmoid(float x)
{
    return 1 / (1 + expf(-x));                             /* where expf overflows to infinity, this is 0 */
}
