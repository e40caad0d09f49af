/* Reads readings from standard input, a line each, and prints what the model says after each:
       cc -std=c99 -O2 -o stream main.c model.c -lm
       tail -n +2 readings.csv | ./stream              without the header, and without a column of times */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "model.h"
#include "readings.h"

static model_stream stream;

int main(void)
{
    float reading[MODEL_CHANNELS];
    int line = 1, read;

    model_start(&stream);
    while ((read = read_reading(reading)) != 0) {
        if (read < 0 || model_step(&stream, reading) != 0) {
            fprintf(stderr, "line %d is no reading, expected %d numbers: ", line, MODEL_CHANNELS);
            for (int c = 0; c < MODEL_CHANNELS; c++)
                fprintf(stderr, "%s%s", channels[c], c + 1 < MODEL_CHANNELS ? ", " : "\n");
            return 2;
        }
        print_prediction(&stream);
        line++;
    }
    return 0;
}
