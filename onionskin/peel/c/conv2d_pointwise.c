#if stride != (1, 1)
#error a window of one place at stride 1 alone
#endif
/* y = weight x + bias at every place of each image: with a window of one place, the image is its own columns. */
static void conv2d_pointwise(int n, int c, int h, int w, int o, const real x[n * c * h * w],
                             const real weight[o * c * 1 * 1],
#if bias
                             const real bias[o],
#endif
                             real y[n * o * h * w])
{
    for (int image = 0; image < n; image++, x += c * h * w, y += o * h * w) {
        product(o, h * w, c, weight, c, 1, x, h * w, 1, y, 0);
#if bias
        for (int k = 0; k < o; k++)
            for (int j = 0; j < h * w; j++)
                y[k * h * w + j] += bias[k];
#endif
    }
}

/* dx = weight^T dy, image by image */
static void conv2d_pointwise_d_x(int n, int c, int h, int w, int o, const real dy[n * o * h * w],
                                 const real weight[o * c * 1 * 1], real d_x[n * c * h * w])
{
    for (int image = 0; image < n; image++, dy += o * h * w, d_x += c * h * w)
        product(c, h * w, o, weight, 1, c, dy, h * w, 1, d_x, 0);
}

/* dweight = dy x^T, summed over the images */
static void conv2d_pointwise_d_weight(int n, int c, int h, int w, int o, const real dy[n * o * h * w],
                                      const real x[n * c * h * w], real d_weight[o * c * 1 * 1])
{
    for (int image = 0; image < n; image++, dy += o * h * w, x += c * h * w)
        product(o, c, h * w, dy, h * w, 1, x, 1, h * w, d_weight, image > 0);
}

/* dbias: the sum of dy over images and places */
static void conv2d_pointwise_d_bias(int n, int o, int h, int w, const real dy[n * o * h * w], real d_bias[o])
{
    memset(d_bias, 0, o * sizeof(real));
    for (int plane = 0; plane < n * o; plane++, dy += h * w)
        for (int j = 0; j < h * w; j++)
            d_bias[plane % o] += dy[j];
}
