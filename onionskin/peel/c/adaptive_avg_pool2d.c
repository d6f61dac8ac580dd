/* y = the mean of each channel over the image */
static void adaptive_avg_pool2d(int n, int c, int h, int w, const real x[n * c * h * w], real y[n * c * 1 * 1])
{
    for (int plane = 0; plane < n * c; plane++, x += h * w) {
        y[plane] = 0;
        for (int j = 0; j < h * w; j++)
            y[plane] += x[j];
        y[plane] /= h * w;
    }
}

/* Every place of a channel gets the same share of its gradient. */
static void adaptive_avg_pool2d_d_x(int n, int c, int h, int w, const real dy[n * c * 1 * 1], real d_x[n * c * h * w])
{
    for (int plane = 0; plane < n * c; plane++, d_x += h * w)
        for (int j = 0; j < h * w; j++)
            d_x[j] = dy[plane] / (h * w);
}
