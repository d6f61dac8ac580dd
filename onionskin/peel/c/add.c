/* y = a + b */
static void add(int n, const real a[n], const real b[n], real y[n])
{
    for (int k = 0; k < n; k++)
        y[k] = a[k] + b[k];
}

/* da = dy */
static void add_d_a(int n, const real dy[n], real d_a[n])
{
    memcpy(d_a, dy, n * sizeof(real));
}

/* db = dy */
static void add_d_b(int n, const real dy[n], real d_b[n])
{
    memcpy(d_b, dy, n * sizeof(real));
}
