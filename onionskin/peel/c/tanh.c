/* y = tanh(x), between -1 and 1. */
static void tanh_of(int n, const real x[n], real y[n])
{
    for (int k = 0; k < n; k++)
        y[k] = tanh(x[k]);
}

/* dx = dy (1 - y^2) */
static void tanh_d_x(int n, const real dy[n], const real y[n], real d_x[n])
{
    for (int k = 0; k < n; k++)
        d_x[k] = dy[k] * (1 - y[k] * y[k]);
}
