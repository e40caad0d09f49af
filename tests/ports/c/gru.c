/* A GRU in C99, forward and backward, checked against minicrt's golden files. One file; libc and libm only.

       cc -std=c99 -O2 -o gru gru.c -lm                (-DREAL=float computes in float instead of double)
       ./gru GOLDEN_DIR THEIRS_DIR CASE...             (gru, gru-T1, gru-B1, ...: any case of a GRU with reset_after)
       minicrt golden check GOLDEN_DIR --against THEIRS_DIR

   For each case it reads GOLDEN_DIR/CASE/case.json and tensors.bin, computes, and writes the same two files into
   THEIRS_DIR/CASE. Exit status 2 and one line if a file cannot be used. The GRU itself is `forward` and `backward`:
   they allocate nothing and call only exp and tanh. All below them reads and writes files.
   Three mistakes can be compiled in, to see what the checker says of them: look for BUG_. */

#define _POSIX_C_SOURCE 200112L                            /* for mkdir, which is not in C99 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tgmath.h>                                        /* exp(x) is expf(x) if x is a float */
#undef I                                                   /* of complex.h, which tgmath.h takes in */

#ifndef REAL
#define REAL double
#endif
typedef REAL real;

/* ---- The GRU. Row vectors, y = x W, matrices stored row after row: W[i][k] is w[i * 3D + k]. ---- */
#ifdef BUG_GATE_ORDER                                      /* BUG: Keras and ONNX store the blocks as z, r, n */
enum { Z, R, N };
#else
enum { R, Z, N };                                          /* the blocks of w, u and b, each D wide */
#endif

#ifdef BUG_Z_KEEPS_NEW                                     /* BUG: h' = z n + (1 - z) h */
static real kept(real z) { return 1 - z; }
#else
static real kept(real z) { return z; }                     /* the share of the old state in the new one */
#endif

typedef struct {
    long B, T, I, D;                                       /* batch, steps, width of the input, width of the state */
    real *x, *h0, *w, *u, *b, *b_hn;                       /* (B,T,I) (B,D) (I,3D) (D,3D) (3D) (D) */
    real *r, *z, *n, *c, *h;                               /* each (B,T,D) */
    real *d_h;                                             /* (B,T,D): the gradient that comes from above */
    real *d_x, *d_h0, *d_w, *d_u, *d_b, *d_b_hn;           /* as x, h0, w, u, b, b_hn */
    real *g, *d_x_side, *d_h_side;                         /* room to work in: (D) (3D) (3D) */
} Gru;

static real logistic(real a)                               /* 1/(1 + exp(-a)), without overflow for a << 0 */
{
    real e = exp(a < 0 ? a : -a);
    return (a < 0 ? e : 1) / (1 + e);
}

static real row_times_column(const real *row, const real *matrix, long rows, long columns, long k)
{
    real sum = 0;
    for (long i = 0; i < rows; i++)
        sum += row[i] * matrix[i * columns + k];
    return sum;
}

/*  r = σ(x W_r + h U_r + b_r)        z = σ(x W_z + h U_z + b_z)
    c = h U_n + b_hn                  n = tanh(x W_n + b_n + r ⊙ c)        (the reset gate acts after the product)
    h' = (1 − z) ⊙ n + z ⊙ h                                                                                       */
static void forward(const Gru *net)
{
    long T = net->T, I = net->I, D = net->D;
    for (long row = 0; row < net->B * T; row++) {          /* row = T b + t: the T steps of a stream are neighbours */
        const real *x = net->x + row * I;
        const real *h = row % T == 0 ? net->h0 + row / T * D : net->h + (row - 1) * D;
        for (long j = 0; j < D; j++) {
            long at = row * D + j;
            real x_side[3], h_side[3];                     /* x W + b and h U, by gate */
            for (long gate = 0; gate < 3; gate++) {
                x_side[gate] = row_times_column(x, net->w, I, 3 * D, gate * D + j) + net->b[gate * D + j];
                h_side[gate] = row_times_column(h, net->u, D, 3 * D, gate * D + j);
            }
            real r = logistic(x_side[R] + h_side[R]);
            real z = logistic(x_side[Z] + h_side[Z]);
            real c = h_side[N] + net->b_hn[j];
            real n = tanh(x_side[N] + r * c);
            net->r[at] = r, net->z[at] = z, net->c[at] = c, net->n[at] = n;
            net->h[at] = (1 - kept(z)) * n + kept(z) * h[j];
        }
    }
}

/*  From t = T to 1, with g the gradient of h_t (what comes from above, and what came back from step t + 1):

    G_{a_n} = g (1 − z)(1 − n²)       G_{a_z} = g (h − n) z (1 − z)       G_{a_r} = G_{a_n} c r (1 − r)
    G_x = [G_{a_r}, G_{a_z}, G_{a_n}] Wᵀ                g ← g z + [G_{a_r}, G_{a_z}, G_{a_n} r] Uᵀ
    G_W += xᵀ [G_{a_r}, G_{a_z}, G_{a_n}]               G_U += hᵀ [G_{a_r}, G_{a_z}, G_{a_n} r]
    G_b += [G_{a_r}, G_{a_z}, G_{a_n}]                  G_{b_hn} += G_{a_n} r
    with a the arguments of σ and tanh. After t = 1, g is the gradient of h0. All d_ but d_h start at 0.            */
static void backward(const Gru *net)
{
    long T = net->T, I = net->I, D = net->D;
    real *g = net->g, *d_x_side = net->d_x_side, *d_h_side = net->d_h_side;
    for (long row = net->B * T - 1; row >= 0; row--) {
        const real *x = net->x + row * I;
        const real *h = row % T == 0 ? net->h0 + row / T * D : net->h + (row - 1) * D;
        for (long j = 0; j < D; j++) {
            long at = row * D + j;
            real r = net->r[at], z = net->z[at], n = net->n[at], c = net->c[at];
            g[j] = net->d_h[at] + (row % T == T - 1 ? 0 : g[j]);                /* nothing comes from behind the end */
            real d_kept = g[j] * (h[j] - n);                                    /* h' = (1 - z) n + z h */
            real d_a_n = g[j] * (1 - kept(z)) * (1 - n * n);                    /* n = tanh(a_n) */
            real d_a_z = (kept(1) - kept(0)) * d_kept * z * (1 - z);            /* z = σ(a_z) */
            real d_a_r = d_a_n * c * r * (1 - r);                               /* a_n = ... + r c,  r = σ(a_r) */
            d_x_side[R * D + j] = d_h_side[R * D + j] = d_a_r;
            d_x_side[Z * D + j] = d_h_side[Z * D + j] = d_a_z;
            d_x_side[N * D + j] = d_a_n;
            net->d_b_hn[j] += d_h_side[N * D + j] = d_a_n * r;
#ifdef BUG_STATE_FORGOTTEN                                 /* BUG: the way back through z ⊙ h is missing */
            g[j] = 0;
#else
            g[j] *= kept(z);
#endif
        }
        for (long k = 0; k < 3 * D; k++)
            net->d_b[k] += d_x_side[k];
        for (long i = 0; i < I; i++)
            for (long k = 0; k < 3 * D; k++) {
                net->d_x[row * I + i] += d_x_side[k] * net->w[i * 3 * D + k];   /* a = x W + ... */
                net->d_w[i * 3 * D + k] += x[i] * d_x_side[k];
            }
        for (long i = 0; i < D; i++)
            for (long k = 0; k < 3 * D; k++) {
                g[i] += d_h_side[k] * net->u[i * 3 * D + k];                    /* a = ... + h U */
                net->d_u[i * 3 * D + k] += h[i] * d_h_side[k];
            }
        for (long i = 0; i < D && row % T == 0; i++)
            net->d_h0[row / T * D + i] = g[i];
    }
}

/* ---- Files. case.json holds one tensor a line, its keys in a fixed order, so that no JSON parser is needed. ---- */

static char json[1 << 20], bin[1 << 23];                   /* the two files of a case */
static real memory[1 << 20];                               /* its tensors, and what is computed from them */
static long bin_size, used;

static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("gru: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(2);
}

static real *room(long count)                              /* zeros */
{
    if (count > (long)(sizeof memory / sizeof *memory) - used)
        fail("the case is too large, there is room for %lu bytes", (unsigned long)sizeof memory);
    used += count;
    return memset(memory + used - count, 0, sizeof(real) * (size_t)count);
}

static FILE *open_file(const char *folder, const char *name, const char *file, const char *mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/%s", folder, name, file);
    FILE *stream = fopen(path, mode);
    if (stream == NULL)
        fail("%s: %s", path, strerror(errno));
    return stream;
}

static long read_file(const char *folder, const char *name, const char *file, char *bytes, size_t size)
{
    FILE *stream = open_file(folder, name, file, "rb");
    size_t count = fread(bytes, 1, size - 1, stream);
    if (ferror(stream) || count == size - 1)
        fail("%s/%s/%s cannot be read, or is larger than %lu bytes", folder, name, file, (unsigned long)size);
    fclose(stream);
    bytes[count] = '\0';                                   /* text ends with 0 */
    return (long)count;
}

static void make_folder(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        fail("%s: %s", path, strerror(errno));
}

static char *value_of(char *line, const char *key)         /* what stands behind "key": in this line, or "" */
{
    char pattern[32];
    snprintf(pattern, sizeof pattern, "\"%s\": ", key);
    char *at = strstr(line, pattern), *end = line + strcspn(line, "\n");
    return at != NULL && at < end ? at + strlen(pattern) : end + strlen(end);
}

static int place(int byte, int size)                       /* where it stands in memory; in files the lowest is first */
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one ? byte : size - 1 - byte;
}

static real *read_tensor(const char *from, const char *name, int rank, long *shape)
{
    char pattern[32];
    snprintf(pattern, sizeof pattern, "{\"name\": \"%s\",", name);
    char *line = strstr(json, pattern);
    if (line == NULL)
        fail("%s: case.json has no line for the tensor %s", from, name);
    char *dtype = value_of(line, "dtype"), *number = value_of(line, "shape");
    int item = strncmp(dtype, "\"float64\"", 9) == 0 ? 8 : strncmp(dtype, "\"float32\"", 9) == 0 ? 4 : 0;
    long count = 1, offset = strtol(value_of(line, "offset"), NULL, 10);
    for (int axis = 0; axis < rank; axis++) {              /* a size of 0 in `shape` is taken from the file */
        long size = *number == "[,,"[axis] ? strtol(number + 1, &number, 10) : 0;
        if (item == 0 || size < 1 || (shape[axis] > 0 && size != shape[axis]) || (axis == rank - 1 && *number != ']'))
            fail("%s: tensor %s is %.*s; expected float64 or float32 and %d axes, axis %d of %s %ld", from, name,
                 (int)strcspn(dtype, "]\n") + 1, dtype, rank, axis, shape[axis] > 0 ? "size" : "a size above",
                 shape[axis]);
        if (offset < 0 || offset > bin_size || size > (bin_size - offset) / item / count)
            fail("%s: tensor %s ends behind the %ld bytes of tensors.bin", from, name, bin_size);
        count *= shape[axis] = size;
    }
    real *values = room(count);
    for (long i = 0; i < count; i++) {
        double wide = 0;
        float narrow = 0;                                  /* both are numbers of IEEE 754 */
        char *to = item == 8 ? (char *)&wide : (char *)&narrow;
        for (int byte = 0; byte < item; byte++)
            to[place(byte, item)] = bin[offset + i * item + byte];
        values[i] = item == 8 ? (real)wide : (real)narrow;
    }
    return values;
}

static void write_tensor(FILE *text, FILE *numbers, const char *name, const real *values, const long *shape)
{
    long offset = ftell(numbers), count = 1;
    fprintf(text, "%s\n{\"name\": \"%s\", \"dtype\": \"float%d\", \"shape\": [", offset > 0 ? "," : "", name,
            8 * (int)sizeof(real));
    for (int axis = 0; axis < 3 && shape[axis] > 0; count *= shape[axis++])
        fprintf(text, axis > 0 ? ", %ld" : "%ld", shape[axis]);
    fprintf(text, "], \"offset\": %ld, \"bytes\": %ld}", offset, count * (long)sizeof(real));
    for (long i = 0; i < count; i++)
        for (int byte = 0; byte < (int)sizeof(real); byte++)
            fputc(((const unsigned char *)&values[i])[place(byte, sizeof(real))], numbers);
    while (ftell(numbers) % 64 != 0)
        fputc(0, numbers);
}

static void run(const char *golden, const char *theirs, const char *name)
{
    used = 0;
    read_file(golden, name, "case.json", json, sizeof json);
    bin_size = read_file(golden, name, "tensors.bin", bin, sizeof bin);
    if (strstr(json, "\"subject\": \"gru\"") == NULL || strstr(json, "\"reset_after\": false") != NULL)
        fail("%s is not a case of a gru with reset_after", name);
    Gru net = {0};
    long x[3] = {0};                                       /* shapes: a size of 0 is not yet known, or not there */
    net.x = read_tensor(name, "x", 3, x);
    long h0[3] = {x[0]};
    net.h0 = read_tensor(name, "h0", 2, h0);
    long B = net.B = x[0], T = net.T = x[1], I = net.I = x[2], D = net.D = h0[1];
    long h[3] = {B, T, D}, w[3] = {I, 3 * D}, u[3] = {D, 3 * D}, b[3] = {3 * D}, b_hn[3] = {D};
    net.w = read_tensor(name, "w", 2, w), net.u = read_tensor(name, "u", 2, u);
    net.b = read_tensor(name, "b", 1, b), net.b_hn = read_tensor(name, "b_hn", 1, b_hn);
    net.d_h = read_tensor(name, "d_h", 3, h);
    net.g = room(D), net.d_x_side = room(3 * D), net.d_h_side = room(3 * D);
    struct { const char *name; real **values; const long *shape; } results[] = {
        {"r", &net.r, h}, {"z", &net.z, h}, {"c", &net.c, h}, {"n", &net.n, h}, {"h", &net.h, h},
        {"d_x", &net.d_x, x}, {"d_h0", &net.d_h0, h0}, {"d_w", &net.d_w, w}, {"d_u", &net.d_u, u},
        {"d_b", &net.d_b, b}, {"d_b_hn", &net.d_b_hn, b_hn}};
    const int all = sizeof results / sizeof *results;
    for (int i = 0; i < all; i++) {
        const long *shape = results[i].shape;
        *results[i].values = room(shape[0] * (shape[1] ? shape[1] : 1) * (shape[2] ? shape[2] : 1));
    }
    forward(&net);
    backward(&net);
    make_folder(theirs, name);
    FILE *text = open_file(theirs, name, "case.json", "wb"), *numbers = open_file(theirs, name, "tensors.bin", "wb");
    fputs("{\"tensors\": [", text);
    for (int i = 0; i < all; i++)
        write_tensor(text, numbers, results[i].name, *results[i].values, results[i].shape);
    fputs("\n]}\n", text);
    if (ferror(text) || ferror(numbers) || fclose(text) != 0 || fclose(numbers) != 0)
        fail("%s: the files cannot be written", name);
}

int main(int count, char **arguments)
{
    if (count < 4)
        fail("expected gru GOLDEN_DIR THEIRS_DIR CASE...");
    make_folder(arguments[2], "");
    for (int i = 3; i < count; i++)
        run(arguments[1], arguments[2], arguments[i]);
}
