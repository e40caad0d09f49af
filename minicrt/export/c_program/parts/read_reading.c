/* The next line of standard input: as many numbers as there are channels, in their order, between commas; an empty cell
   and nan are missing. 0 at the end, -1 for a line that is something else */
static int read_reading(float *reading)
{
    static char line[64 * MODEL_CHANNELS + 2];
    char *at = line, *end;

    if (!fgets(line, sizeof line, stdin))
        return 0;
    for (int c = 0; c < MODEL_CHANNELS; c++) {
        reading[c] = strtof(at, &end);
        if (end == at)
            reading[c] = NAN;
        while (*end == ' ' || *end == '\r')
            end++;
        if (c + 1 < MODEL_CHANNELS ? *end != ',' : *end != '\n' && *end != 0)
            return -1;
        at = end + 1;
    }
    return 1;
}
