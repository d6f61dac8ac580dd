/* y = the largest of the values that each window sees; `at` keeps where it stands, of equal ones the first. */
static void max_pool2d(int n, int c, int h, int w, int p, int q, int kernel_h, int kernel_w, int stride_h, int stride_w,
                       int padding_h, int padding_w, const real x[n * c * h * w], int at[n * c * p * q],
                       real y[n * c * p * q])
{
    for (int plane = 0; plane < n * c; plane++, x += h * w)
        for (int i = 0; i < p; i++, y += q, at += q) {
            for (int j = 0; j < q; j++)
                y[j] = -INFINITY;
            /* The places of the window are the outer loops: so the inner one needs no jump that cannot be foreseen. */
            for (int place = 0; place < kernel_h * kernel_w; place++) {
                int row = i * stride_h - padding_h + place / kernel_w, first = place % kernel_w - padding_w;
                for (int j = 0; j < q && row >= 0 && row < h; j++) {
                    int column = first + j * stride_w;
                    if (column < 0 || column >= w)
                        continue;
                    real seen = x[row * w + column], so_far = y[j];
                    int is_larger = (seen > so_far) | (seen != seen); /* what is no number is passed on */
                    y[j] = is_larger ? seen : so_far;
                    at[j] = is_larger ? row * w + column : at[j];
                }
            }
        }
}

/* The gradient goes to the place of the largest value. */
static void max_pool2d_d_x(int n, int c, int h, int w, int p, int q, const real dy[n * c * p * q],
                           const int at[n * c * p * q], real d_x[n * c * h * w])
{
    memset(d_x, 0, n * c * h * w * sizeof(real));
    for (int plane = 0; plane < n * c; plane++, d_x += h * w, dy += p * q, at += p * q)
        for (int j = 0; j < p * q; j++)
            d_x[at[j]] += dy[j];
}
