/* Matrix product: c = a b, or c += a b. Where nearly all the time goes.
 *
 * Three loops would do, but then the processor mostly waits for memory. So:
 *  1. A tile of c, ROWS high and two vectors wide, stays in registers while it is summed up. Every number that is
 *     fetched of a then serves 2 * LANES products, and every vector of b serves ROWS of them.
 *  2. A strip of b, as wide as a tile, is copied into one piece that stays in the fastest cache; all rows of a pass
 *     over it. The copying also turns b the right way round, so that a transposed b costs nothing more.
 *  3. A strip is at most DEPTH deep, or it would not fit into that cache.
 * A transposed matrix is read with other steps: a_row from row to row, a_step along a row; b likewise.
 */
#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64 };
#elif defined(__AVX__)
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif
#if defined(__GNUC__) && !defined(PLAIN) /* gcc and clang know vectors; elsewhere (or with -DPLAIN) one is one number */
typedef real vector __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));
#define INLINE inline __attribute__((always_inline))
#define ONCE __attribute__((noinline)) /* a copy for every caller would take long to compile, and gain nothing */
#else
typedef real vector;
#define INLINE inline
#define ONCE
#endif
enum { LANES = sizeof(vector) / sizeof(real), WIDTH = 2 * LANES, ROWS = 6, DEPTH = 1536 / (int)sizeof(real) };

/* One tile of c. The compiler knows `rows`, and so can keep all sums in registers. */
static INLINE void tile(const int rows, int depth, const real *a, long a_row, long a_step, const vector *strip,
                        real *c, long c_row, int width, int adds)
{
    vector sums[ROWS][2] = {{{0}}};
    for (int p = 0; p < depth; p++)
        for (int r = 0; r < rows; r++) {
            sums[r][0] += a[r * a_row + p * a_step] * strip[2 * p];
            sums[r][1] += a[r * a_row + p * a_step] * strip[2 * p + 1];
        }
    for (int r = 0; r < rows; r++, c += c_row) {
        if (width < WIDTH) { /* at the right edge: number by number */
            real row[WIDTH];
            memcpy(row, sums[r], sizeof row);
            for (int j = 0; j < width; j++)
                c[j] = adds ? c[j] + row[j] : row[j];
            continue;
        }
        vector *whole = (vector *)c;
        if (adds) {
            sums[r][0] += whole[0];
            sums[r][1] += whole[1];
        }
        whole[0] = sums[r][0];
        whole[1] = sums[r][1];
    }
}

/* Copies a strip of b, filled up with zeros where b has no more columns. */
static void copy_strip(int depth, int width, const real *b, long b_row, long b_step, real *strip)
{
    if (width == WIDTH && b_step == 1)
        for (int p = 0; p < depth; p++)
            memcpy(strip + p * WIDTH, b + p * b_row, WIDTH * sizeof(real));
    else if (width == WIDTH)
        for (int p = 0; p < depth; p++)
            for (int j = 0; j < WIDTH; j++)
                strip[p * WIDTH + j] = b[p * b_row + j * b_step];
    else
        for (int p = 0; p < depth; p++)
            for (int j = 0; j < WIDTH; j++)
                strip[p * WIDTH + j] = j < width ? b[p * b_row + j * b_step] : 0;
}

/* c (m, n) = a (m, k) b (k, n); added to what is in c where `adds` says so. */
static ONCE void product(int m, int n, int k, const real *a, long a_row, long a_step, const real *b, long b_row,
                    long b_step, real *c, int adds)
{
    static vector strip[2 * DEPTH];
    int tiles = (m + ROWS - 1) / ROWS;
    for (int p = 0; p < k; p += DEPTH, adds = 1) {
        int depth = k - p < DEPTH ? k - p : DEPTH;
        for (int j = 0; j < n; j += WIDTH) {
            int width = n - j < WIDTH ? n - j : WIDTH;
            copy_strip(depth, width, b + p * b_row + j * b_step, b_row, b_step, (real *)strip);
            for (int t = 0, i = 0, rows; t < tiles; t++, i += rows) {
                const real *from = a + i * a_row + p * a_step;
                real *to = c + (long)i * n + j;
                rows = (m - i + tiles - t - 1) / (tiles - t); /* as evenly as it goes: 8 rows are 4 and 4 */
                switch (rows) {
                case 6: tile(6, depth, from, a_row, a_step, strip, to, n, width, adds); break;
                case 5: tile(5, depth, from, a_row, a_step, strip, to, n, width, adds); break;
                case 4: tile(4, depth, from, a_row, a_step, strip, to, n, width, adds); break;
                case 3: tile(3, depth, from, a_row, a_step, strip, to, n, width, adds); break;
                case 2: tile(2, depth, from, a_row, a_step, strip, to, n, width, adds); break;
                default: tile(1, depth, from, a_row, a_step, strip, to, n, width, adds);
                }
            }
        }
    }
}
