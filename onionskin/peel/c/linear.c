/* y = x W^T + b: every output is a weighted sum of all inputs. */
static void linear(int n, int i, int o, const real x[n * i], const real weight[o * i],
#if bias
                   const real bias[o],
#endif
                   real y[n * o])
{
#if bias
    for (int row = 0; row < n; row++)
        memcpy(y + row * o, bias, o * sizeof(real));
    product(n, o, i, x, i, 1, weight, 1, i, y, 1); /* added to the biases */
#else
    product(n, o, i, x, i, 1, weight, 1, i, y, 0);
#endif
}

/* dx = dy W */
static void linear_d_x(int n, int i, int o, const real dy[n * o], const real weight[o * i], real d_x[n * i])
{
    product(n, i, o, dy, o, 1, weight, i, 1, d_x, 0);
}

/* dW = dy^T x */
static void linear_d_weight(int n, int i, int o, const real dy[n * o], const real x[n * i], real d_weight[o * i])
{
    product(o, i, n, dy, 1, o, x, i, 1, d_weight, 0);
}

/* db: the sum of dy over the examples */
static void linear_d_bias(int n, int o, const real dy[n * o], real d_bias[o])
{
    memset(d_bias, 0, o * sizeof(real));
    for (int row = 0; row < n; row++)
        for (int j = 0; j < o; j++)
            d_bias[j] += dy[row * o + j];
}
