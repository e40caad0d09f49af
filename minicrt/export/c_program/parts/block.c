typedef struct {
    const float *norm_attention_gain, *norm_attention_bias;
    Matrix attention_w_qkv;
    const float *attention_b_qkv;
    Matrix attention_w_out;
    const float *attention_b_out;
    const float *norm_feed_forward_gain, *norm_feed_forward_bias;
    Matrix feed_forward_w_in;
    const float *feed_forward_b_in;
    Matrix feed_forward_w_out;
    const float *feed_forward_b_out;
} Block;
