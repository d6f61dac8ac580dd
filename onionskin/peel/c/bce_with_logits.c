#if reduction == "none" or weight or pos_weight
#error binary cross-entropy without weights, as one number
#endif
/* L = -(t log s + (1 - t) log(1 - s)) for s = sigmoid(x), in a form where nothing overflows. */
static void bce_with_logits(int n, const real x[n], const real target[n], real y[1])
{
    y[0] = 0;
    for (int k = 0; k < n; k++) /* -log(sigmoid(x)) is log(1 + e^-|x|) + max(-x, 0) */
        y[0] += (1 - target[k]) * x[k] + log1p(exp(-fabs(x[k]))) + (x[k] < 0 ? -x[k] : 0);
#if reduction == "mean"
    y[0] /= n;
#endif
}

/* dx = sigmoid(x) - t: what was said, less what is true. */
static void bce_with_logits_d_x(int n, const real dy[1], const real x[n], const real target[n], real d_x[n])
{
#if reduction == "mean"
    real scale = dy[0] / n;
#else
    real scale = dy[0];
#endif
    for (int k = 0; k < n; k++)
        d_x[k] = scale * ((1 + tanh(x[k] / 2)) / 2 - target[k]);
}
