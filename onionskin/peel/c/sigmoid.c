/* y = 1 / (1 + e^-x), as (1 + tanh(x / 2)) / 2, which never overflows. */
static void sigmoid(int n, const real x[n], real y[n])
{
    for (int k = 0; k < n; k++)
        y[k] = (1 + tanh(x[k] / 2)) / 2;
}

/* dx = dy y (1 - y) */
static void sigmoid_d_x(int n, const real dy[n], const real y[n], real d_x[n])
{
    for (int k = 0; k < n; k++)
        d_x[k] = dy[k] * y[k] * (1 - y[k]);
}
