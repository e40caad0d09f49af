/* Reads tokens from standard input and prints each, how much it surprised the model, in bits, and what the model
   expects next:   cc -std=c99 -O2 -o stream main.c model.c -lm */
#include <math.h>
#include <stdio.h>
#include "model.h"
#include "vocabulary.h"

static model_stream stream;

static float surprisal(int token, int expected)            /* -log2 softmax(logits)[token] */
{
    float sum = 0;

    for (int v = 0; v < MODEL_VOCABULARY; v++)
        sum += expf(stream.logits[v] - stream.logits[expected]);
    return log2f(sum) + (stream.logits[expected] - stream.logits[token]) * 1.44269504f;
}

int main(void)
{
    char text[256];

    model_start(&stream);
    for (int expected = -1; read_token(text, sizeof text);) {
        int token = token_of(text);

        if (token < 0) {
            fprintf(stderr, "not in the vocabulary: %s\n", text);
            return 2;
        }
        printf("%s\t%.3f\t", vocabulary[token], expected < 0 ? 0.0 : (double)surprisal(token, expected));
        model_step(&stream, token);
        expected = 0;
        for (int v = 1; v < MODEL_VOCABULARY; v++)
            if (stream.logits[v] > stream.logits[expected])
                expected = v;
        printf("%s\n", vocabulary[expected]);
    }
    return 0;
}
