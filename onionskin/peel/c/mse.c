#if reduction == "none"
#error the mean squared error as one number; leave out reduction="none"
#endif
/* L = (x - target)^2, the mean or the sum of it over all entries. */
static void mse(int n, const real x[n], const real target[n], real y[1])
{
    y[0] = 0;
    for (int k = 0; k < n; k++)
        y[0] += (x[k] - target[k]) * (x[k] - target[k]);
#if reduction == "mean"
    y[0] /= n;
#endif
}

/* dx = 2 (x - target), over n where it is the mean */
static void mse_d_x(int n, const real dy[1], const real x[n], const real target[n], real d_x[n])
{
#if reduction == "mean"
    real scale = dy[0] * 2 / n;
#else
    real scale = dy[0] * 2;
#endif
    for (int k = 0; k < n; k++)
        d_x[k] = scale * (x[k] - target[k]);
}
