/* y = max(0, x): what is negative becomes 0. */
static void relu(int n, const real x[n], real y[n])
{
    for (int k = 0; k < n; k++)
        y[k] = x[k] < 0 ? 0 : x[k];
}

/* dx = dy where x > 0; at 0 itself the slope is taken as 0, as PyTorch takes it. */
static void relu_d_x(int n, const real dy[n], const real y[n], real d_x[n])
{
    for (int k = 0; k < n; k++)
        d_x[k] = y[k] > 0 ? dy[k] : 0;
}
