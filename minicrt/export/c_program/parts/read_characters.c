/* The next character of standard input, in UTF-8; 0 at the end */
static int read_token(char *text, int size)
{
    int length = 0, c = getchar();

    while (c != EOF && length < size - 1) {
        text[length++] = (char)c;
        c = getchar();
        if ((c & 0xC0) != 0x80)                            /* the first byte of the next one */
            break;
    }
    if (c != EOF)
        ungetc(c, stdin);
    text[length] = 0;
    return length > 0;
}
