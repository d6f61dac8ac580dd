#if reduction == "none"
#error cross-entropy as one number; leave out reduction="none"
#endif
#if reduction == "mean"
/* The mean over the examples of -log(softmax(x)[target]). */
#else
/* The sum over the examples of -log(softmax(x)[target]). */
#endif
static void cross_entropy(int n, int c, const real x[n * c], const int64_t target[n], real p[n * c], real y[1])
{
    y[0] = 0;
    for (int row = 0; row < n; row++, x += c, p += c) {
        real largest = x[0], total = 0; /* the largest becomes 0, so that no exponential overflows */
        for (int j = 1; j < c; j++)
            largest = x[j] > largest ? x[j] : largest;
        for (int j = 0; j < c; j++)
            total += p[j] = exp(x[j] - largest);
        for (int j = 0; j < c; j++)
            p[j] /= total;
        if (target[row] < 0 || target[row] >= c)
            give_up("has a class that the model has no output for", "target");
        y[0] += log(total) - (x[target[row]] - largest);
    }
#if reduction == "mean"
    y[0] /= n;
#endif
}

#if reduction == "mean"
/* dx = (p - onehot(target)) / n: what was given to each class, less what was asked for. */
#else
/* dx = p - onehot(target): what was given to each class, less what was asked for. */
#endif
static void cross_entropy_d_x(int n, int c, const real dy[1], const real p[n * c], const int64_t target[n],
                              real d_x[n * c])
{
#if reduction == "mean"
    real scale = dy[0] / n;
#else
    real scale = dy[0];
#endif
    for (int row = 0; row < n; row++, p += c, d_x += c) {
        for (int j = 0; j < c; j++)
            d_x[j] = p[j] * scale;
        d_x[target[row]] -= scale; /* where the right answer is */
    }
}
