/* y = x where it is positive, and a small slope of it elsewhere. */
static void leaky_relu(int n, double slope, const real x[n], real y[n])
{
    for (int k = 0; k < n; k++)
        y[k] = x[k] > 0 ? x[k] : (real)slope * x[k];
}

/* dx = dy where x > 0, and the slope of it elsewhere */
static void leaky_relu_d_x(int n, double slope, const real dy[n], const real x[n], real d_x[n])
{
    for (int k = 0; k < n; k++)
        d_x[k] = x[k] > 0 ? dy[k] : (real)slope * dy[k];
}
