#if amsgrad
#error Adam without amsgrad
#endif
/* m and v: averages of g and g^2; w -= lr m / (sqrt(v) + eps), both without bias. */
static void adam(int n, const real g[n], real w[n], real m[n], real v[n], int step)
{
    /* The averages began at 0, so that the first ones are too small by these factors. */
    double few = 1 - pow(BETAS_0, step + 1), square_few = 1 - pow(BETAS_1, step + 1);
    real rate = LR / few, scale = sqrt(square_few), left = 1 - BETAS_0, square_left = 1 - BETAS_1;
    for (int k = 0; k < n; k++) {
#if weight_decay
        real slope = g[k] + (real)WEIGHT_DECAY * w[k];
#else
        real slope = g[k];
#endif
        m[k] += left * (slope - m[k]);
        v[k] = (real)BETAS_1 * v[k] + square_left * slope * slope;
        w[k] -= rate * m[k] / (sqrt(v[k]) / scale + (real)EPS);
    }
}
