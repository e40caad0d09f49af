/* Ids of tokens on standard input; the logits after each, as floats, on standard output */
#include <stdio.h>
#include "model.h"

static model_stream stream;

int main(void)
{
    int token;

    model_start(&stream);
    while (scanf("%d", &token) == 1) {
        if (model_step(&stream, token) != 0)
            return 3;
        fwrite(stream.logits, sizeof(float), MODEL_VOCABULARY, stdout);
    }
    return 0;
}
