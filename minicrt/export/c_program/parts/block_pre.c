/* x <- x + attention(norm(x)),  x <- x + feed_forward(norm(x)) */
static void block(const Block *b, float *x, float (*keys)[D], float (*values)[D], int row)
{
    float normed[D], qkv[3 * D], heads[D], inner[F], y[D];

    norm(normed, x, b->norm_attention_gain, b->norm_attention_bias);
    linear(qkv, normed, b->attention_w_qkv, b->attention_b_qkv, D, 3 * D);
    attention(heads, qkv, keys, values, row);
    linear(y, heads, b->attention_w_out, b->attention_b_out, D, D);
    add(x, y);

    norm(normed, x, b->norm_feed_forward_gain, b->norm_feed_forward_bias);
    linear(inner, normed, b->feed_forward_w_in, b->feed_forward_b_in, D, F);
    for (int i = 0; i < F; i++)
        inner[i] = activation(inner[i]);
    linear(y, inner, b->feed_forward_w_out, b->feed_forward_b_out, F, D);
    add(x, y);
}
