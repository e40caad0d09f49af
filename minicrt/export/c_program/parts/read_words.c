/* The next token of standard input; tokens stand between blanks. 0 at the end */
static int read_token(char *text, int size)
{
    int length = 0, c;

    while ((c = getchar()) == ' ' || c == '\t' || c == '\r' || c == '\n')
        ;
    for (; c != EOF && c != ' ' && c != '\t' && c != '\r' && c != '\n'; c = getchar())
        if (length < size - 1)
            text[length++] = (char)c;
    text[length] = 0;
    return length > 0;
}
