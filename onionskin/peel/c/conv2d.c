/* y = weight * columns + bias, image by image: the columns of one image stay in the cache. */
static void conv2d(int n, int c, int h, int w, int o, int kh, int kw, int p, int q, int stride_h, int stride_w,
                   int padding_h, int padding_w, const real x[n * c * h * w], const real weight[o * c * kh * kw],
#if bias
                   const real bias[o],
#endif
                   real columns[c * kh * kw * p * q], real y[n * o * p * q])
{
    int window = c * kh * kw, places = p * q;
    for (int image = 0; image < n; image++, x += c * h * w, y += o * places) {
        columns_of(c, h, w, kh, kw, p, q, stride_h, stride_w, padding_h, padding_w, x, columns);
        product(o, places, window, weight, window, 1, columns, places, 1, y, 0);
#if bias
        for (int k = 0; k < o; k++)
            for (int j = 0; j < places; j++)
                y[k * places + j] += bias[k];
#endif
    }
}

/* Each place gives its gradient back to what its window saw, weighed as it was: weight^T dy. */
static void conv2d_d_x(int n, int c, int h, int w, int o, int kh, int kw, int p, int q, int stride_h, int stride_w,
                       int padding_h, int padding_w, const real dy[n * o * p * q],
                       const real weight[o * c * kh * kw], real columns[c * kh * kw * p * q],
                       real d_x[n * c * h * w])
{
    int window = c * kh * kw, places = p * q;
    memset(d_x, 0, n * c * h * w * sizeof(real));
    for (int image = 0; image < n; image++, dy += o * places, d_x += c * h * w) {
        product(window, places, o, weight, 1, window, dy, places, 1, columns, 0);
        add_columns(c, h, w, kh, kw, p, q, stride_h, stride_w, padding_h, padding_w, columns, d_x);
    }
}

/* dweight = dy columns^T, summed over the images. Making the columns anew is cheaper than fetching them. */
static void conv2d_d_weight(int n, int c, int h, int w, int o, int kh, int kw, int p, int q, int stride_h,
                            int stride_w, int padding_h, int padding_w, const real dy[n * o * p * q],
                            const real x[n * c * h * w], real columns[c * kh * kw * p * q],
                            real d_weight[o * c * kh * kw])
{
    int window = c * kh * kw, places = p * q;
    for (int image = 0; image < n; image++, dy += o * places, x += c * h * w) {
        columns_of(c, h, w, kh, kw, p, q, stride_h, stride_w, padding_h, padding_w, x, columns);
        product(o, window, places, dy, places, 1, columns, 1, places, d_weight, image > 0);
    }
}

/* dbias: the sum of dy over images and places */
static void conv2d_d_bias(int n, int o, int p, int q, const real dy[n * o * p * q], real d_bias[o])
{
    memset(d_bias, 0, o * sizeof(real));
    for (int plane = 0; plane < n * o; plane++, dy += p * q) {
        real sum = 0;
        for (int j = 0; j < p * q; j++)
            sum += dy[j];
        d_bias[plane % o] += sum;
    }
}
