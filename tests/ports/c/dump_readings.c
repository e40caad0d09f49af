/* Readings on standard input, as floats; the forecast, a double, or the probabilities after each on standard output */
#include <stdio.h>
#include "model.h"

static model_stream stream;

int main(void)
{
    float reading[MODEL_CHANNELS];

    model_start(&stream);
    while (fread(reading, sizeof reading, 1, stdin) == 1) {
        if (model_step(&stream, reading) != 0)
            return 3;
#ifdef MODEL_CLASSES
        fwrite(stream.probabilities, sizeof stream.probabilities, 1, stdout);
#else
        fwrite(&stream.forecast, sizeof stream.forecast, 1, stdout);
#endif
    }
    return 0;
}
