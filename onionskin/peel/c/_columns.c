/* What the window sees of one image, a column for each place: (c kh kw, p q). With it, a convolution is one product. */
static void columns_of(int c, int h, int w, int kh, int kw, int p, int q, int stride_h, int stride_w, int padding_h,
                       int padding_w, const real *image, real *columns)
{
    for (int row = 0; row < c * kh * kw; row++) {
        const real *channel = image + row / (kh * kw) * h * w;
        int first_y = row / kw % kh - padding_h, first_x = row % kw - padding_w;
        for (int i = 0; i < p; i++, columns += q) {
            int y = first_y + i * stride_h;
            const real *from = channel + y * w + first_x;
            if (y >= 0 && y < h && stride_w == 1 && padding_w == 0)
                memcpy(columns, from, q * sizeof(real));
            else
                for (int j = 0; j < q; j++) {
                    int x = first_x + j * stride_w;
                    columns[j] = y >= 0 && y < h && x >= 0 && x < w ? from[j * stride_w] : 0;
                }
        }
    }
}

/* The way back: every place of the image gets the sum of what came back for it, from all windows that saw it. */
static void add_columns(int c, int h, int w, int kh, int kw, int p, int q, int stride_h, int stride_w, int padding_h,
                        int padding_w, const real *columns, real *image)
{
    for (int row = 0; row < c * kh * kw; row++) {
        real *channel = image + row / (kh * kw) * h * w;
        int first_y = row / kw % kh - padding_h, first_x = row % kw - padding_w;
        for (int i = 0; i < p; i++, columns += q) {
            int y = first_y + i * stride_h;
            if (y >= 0 && y < h)
                for (int j = 0; j < q; j++) {
                    int x = first_x + j * stride_w;
                    if (x >= 0 && x < w)
                        channel[y * w + x] += columns[j];
                }
        }
    }
}
