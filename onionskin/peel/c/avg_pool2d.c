/* y = the mean of the values that each window sees; beyond the edge stand zeros, and they count. */
static void avg_pool2d(int n, int c, int h, int w, int p, int q, int kernel_h, int kernel_w, int stride_h, int stride_w,
                       int padding_h, int padding_w, const real x[n * c * h * w], real y[n * c * p * q])
{
    for (int plane = 0; plane < n * c; plane++, x += h * w)
        for (int i = 0; i < p; i++)
            for (int j = 0; j < q; j++) {
                int top = i * stride_h - padding_h, left = j * stride_w - padding_w;
                real sum = 0;
                for (int r = top; r < top + kernel_h; r++)
                    for (int s = left; s < left + kernel_w; s++)
                        sum += r >= 0 && r < h && s >= 0 && s < w ? x[r * w + s] : 0;
                *y++ = sum / (kernel_h * kernel_w);
            }
}

/* Every place of a window gets the same share of its gradient. */
static void avg_pool2d_d_x(int n, int c, int h, int w, int p, int q, int kernel_h, int kernel_w, int stride_h,
                           int stride_w, int padding_h, int padding_w, const real dy[n * c * p * q],
                           real d_x[n * c * h * w])
{
    memset(d_x, 0, n * c * h * w * sizeof(real));
    for (int plane = 0; plane < n * c; plane++, d_x += h * w)
        for (int i = 0; i < p; i++)
            for (int j = 0; j < q; j++) {
                int top = i * stride_h - padding_h, left = j * stride_w - padding_w;
                real share = *dy++ / (kernel_h * kernel_w);
                for (int r = top; r < top + kernel_h; r++)
                    for (int s = left; s < left + kernel_w; s++)
                        if (r >= 0 && r < h && s >= 0 && s < w)
                            d_x[r * w + s] += share;
            }
}
