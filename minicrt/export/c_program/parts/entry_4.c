/* Entry i of a row of a table in four bits, but for the row's scale; two entries a byte, 32 a share */
static float entry(const unsigned char *values, const unsigned char *shares, int row, int i)
{
    int u = values[row * ((D + 1) / 2) + i / 2] >> i % 2 * 4 & 15;

    return (float)(shares[row * ((D + 31) / 32) + i / 32] * (u - 8));
}
