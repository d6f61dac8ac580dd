#if momentum
/* v = momentum v + g, w -= lr v: every weight goes a small step, mostly where it went before. */
#else
/* w -= lr g: every weight goes a small step against its gradient. */
#endif
static void sgd(int n, const real g[n], real w[n],
#if momentum
                real v[n], int step
#endif
                )
{
#if momentum or weight_decay
    for (int k = 0; k < n; k++) {
#if weight_decay
        real slope = g[k] + (real)WEIGHT_DECAY * w[k];
#else
        real slope = g[k];
#endif
#if dampening
        v[k] = step ? (real)MOMENTUM * v[k] + (real)(1 - DAMPENING) * slope : slope; /* the first is undampened */
#else
#if momentum
        v[k] = step ? (real)MOMENTUM * v[k] + slope : slope;
#endif
#endif
#if nesterov
        slope += (real)MOMENTUM * v[k];
#else
#if momentum
        slope = v[k];
#endif
#endif
        w[k] -= (real)LR * slope;
    }
#else
    for (int k = 0; k < n; k++)
        w[k] -= (real)LR * g[k];
#endif
}
