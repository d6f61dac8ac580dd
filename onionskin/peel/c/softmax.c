#if axis != -1
#error softmax along the columns of (n, c) alone
#endif
/* y = e^x / sum(e^x) along each row. The largest x becomes 0 first, so that no exponential overflows. */
static void softmax(int n, int c, const real x[n * c], real y[n * c])
{
    for (int row = 0; row < n; row++, x += c, y += c) {
        real largest = x[0], total = 0;
        for (int j = 1; j < c; j++)
            largest = x[j] > largest ? x[j] : largest;
        for (int j = 0; j < c; j++)
            total += y[j] = exp(x[j] - largest);
        for (int j = 0; j < c; j++)
            y[j] /= total;
    }
}

/* dx = y (dy - sum(y dy)) along each row */
static void softmax_d_x(int n, int c, const real dy[n * c], const real y[n * c], real d_x[n * c])
{
    for (int row = 0; row < n; row++, dy += c, y += c, d_x += c) {
        real sum = 0;
        for (int j = 0; j < c; j++)
            sum += y[j] * dy[j];
        for (int j = 0; j < c; j++)
            d_x[j] = y[j] * (dy[j] - sum);
    }
}
