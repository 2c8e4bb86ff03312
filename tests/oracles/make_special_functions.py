"""Generates special-functions.json: the special functions of spiegel-stats at fixed points, from mpmath.

Run once, with mpmath 1.4 or later: `python make_special_functions.py > special-functions.json`.
Every point is a row [arguments..., value]; arguments are exact f64s, values are rounded from 35 digits.
"""

import json
import sys

import mpmath as mp

mp.mp.dps = 35

TAILS = [1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-3, 0.01, 0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975, 0.99, 0.999, 1 - 1e-6, 1 - 1e-9]


def normal_cdf(x):
    return mp.erfc(-mp.mpf(x) / mp.sqrt(2)) / 2


def normal_quantile(p):
    p = mp.mpf(p)
    if p == 0.5:
        return mp.mpf(0)
    tail = min(p, 1 - p)
    guess = -mp.sqrt(-2 * mp.log(tail)) if tail < 0.1 else (tail - mp.mpf("0.5")) * mp.mpf("2.5")
    root = mp.findroot(lambda x: mp.log(normal_cdf(x)) - mp.log(tail), guess)
    return root if p < 0.5 else -root


def beta_series(a, b, x):
    """I_x(a, b) by the hypergeometric series, all terms of which are positive in this form."""
    term = total = mp.mpf(1)
    k = 0
    while True:
        term *= (a + b + k) / (a + 1 + k) * x
        total += term
        k += 1
        if term < total * mp.mpf(10) ** (-mp.mp.dps + 5):
            break
    log_power = a * mp.log(x) + b * mp.log1p(-x) + mp.loggamma(a + b) - mp.loggamma(a + 1) - mp.loggamma(b)
    return mp.exp(log_power) * total


def beta(a, b, x):
    """I_x(a, b) from the side that converges; near x = 1 with digits to spare for the difference from 1."""
    a, b, x = mp.mpf(a), mp.mpf(b), mp.mpf(x)
    if x == 0 or x == 1:
        return x
    if x <= mp.mpf("0.9") and x <= (a + 1) / (a + b + 2):
        return beta_series(a, b, x)
    with mp.workdps(80):
        return 1 - beta_series(b, a, 1 - x)


def gamma(a, x):
    """P(a, x) by the series of positive terms, or from the upper tail where that is the smaller."""
    a, x = mp.mpf(a), mp.mpf(x)
    if x > 2 * a + 20:
        return 1 - mp.gammainc(a, x, mp.inf, regularized=True)
    term = total = mp.mpf(1)
    k = 0
    while True:
        k += 1
        term *= x / (a + k)
        total += term
        if term < total * mp.mpf(10) ** (-mp.mp.dps + 5):
            break
    return mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1)) * total


def gamma_upper(a, x):
    """Q(a, x): one minus the series with digits to spare, or the asymptotic tail far out."""
    if x > 2 * a + 20:
        return mp.gammainc(mp.mpf(a), mp.mpf(x), mp.inf, regularized=True)
    with mp.workdps(400 if x > a else 35):
        return 1 - gamma(a, x)


def solve(function, p, low, high):
    """Where an increasing function has the value p: halving, then secant steps on its logarithm."""
    low, high = mp.mpf(low), mp.mpf(high)
    for _ in range(20):
        middle = (low + high) / 2
        if function(middle) < p:
            low = middle
        else:
            high = middle
    error = lambda s: mp.log(function(s)) - mp.log(p)
    at_low, at_high = error(low), error(high)
    for _ in range(7):
        if at_high == at_low:
            break
        low, high = high, high - at_high * (high - low) / (at_high - at_low)
        at_low, at_high = at_high, error(high)
    assert abs(at_high) < mp.mpf(10) ** -17 * abs(mp.log(p)), (p, at_high)
    return high


def beta_quantile(a, b, p):
    s = solve(lambda s: beta(a, b, 1 / (1 + mp.exp(-s))), mp.mpf(p), -120, 120)
    return 1 / (1 + mp.exp(-s))


def gamma_quantile(a, p):
    return mp.exp(solve(lambda s: gamma(a, mp.exp(s)), mp.mpf(p), -120, 20))


def student_t(x, df):
    x, df = mp.mpf(x), mp.mpf(df)
    tail = beta(df / 2, mp.mpf("0.5"), df / (df + x * x)) / 2
    return 1 - tail if x > 0 else tail


def student_t_quantile(p, df):
    p = mp.mpf(p)
    if p == 0.5:
        return mp.mpf(0)
    tail = min(p, 1 - p)
    size = mp.exp(-solve(lambda s: student_t(-mp.exp(-s), df), tail, -40, 40))
    return -size if p < 0.5 else size


def rows(function, points):
    return [[*point, float(function(*point))] for point in points]


def main():
    xs = [-7.0, -6.5, -6.0, -5.0, -4.5, -4.0, -3.5, -3.090232, -3.0, -2.5, -2.25, -2.0, -1.96, -1.75, -1.5, -1.25, -1.0, -0.75, -0.5, -0.25, -0.1, -0.01, -1e-8, 0.0]
    xs = sorted(set(xs + [-x for x in xs] + [-20.0, -30.0, -37.0, 8.0]))
    ps = sorted(set(TAILS + [i / 40 for i in range(1, 40)] + [1e-300, 1e-100, 1e-50, 1e-20, 0.001, 0.999]))
    lg = [1e-10, 1e-5, 0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999999, 1.000001, 1.01, 1.1, 1.2, 1.3, 1.4, 1.49, 1.5, 1.6, 1.75, 1.9, 1.999, 2.001, 2.1, 2.25, 2.4, 2.5, 2.6, 3.0, 3.5, 4.2, 5.0, 7.5, 10.0, 12.5, 20.0, 33.3, 50.0, 75.5, 100.0, 500.25, 1000.0, 12345.6, 1e5, 1e6, 1e8]
    shapes = [(0.5, 0.5), (0.5, 47.5), (1.0, 1.0), (2.0, 3.0), (5.5, 0.5), (0.01, 3.0), (10.0, 40.0), (63.9, 0.7), (150.5, 850.5), (3000.0, 27000.0)]
    fractions = [1e-9, 1e-4, 0.01, 0.05, 0.1, 0.11, 0.2, 0.4, 0.5, 0.7, 0.9, 0.99, 1 - 1e-6]
    beta_points = [(a, b, x) for a, b in shapes for x in fractions]
    beta_points = [q for q in beta_points if beta(*q) > mp.mpf(10) ** -250]
    quantile_ps = [1e-12, 1e-9, 1e-5, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.999, 1 - 1e-9]
    gamma_shapes = [0.01, 0.5, 1.0, 2.5, 10.0, 66.0, 300.0, 5000.0]
    multiples = [1e-6, 0.1, 0.3, 0.6, 0.9, 1.0, 1.1, 1.3, 2.0, 4.0]
    gamma_points = [(a, a * m) for a in gamma_shapes for m in multiples]
    keep = lambda f, q: f(*q) > mp.mpf(10) ** -250
    ts = [-1e4, -100.0, -20.0, -8.0, -4.0, -2.5, -1.96, -1.0, -0.3, -1e-6, 0.5, 2.0, 6.0]
    dfs = [1.0, 2.0, 3.5, 9.0, 30.0, 200.0, 1000.0]
    result = {
        "normal_cdf": rows(normal_cdf, [(x,) for x in xs]),
        "normal_quantile": rows(normal_quantile, [(p,) for p in ps]),
        "ln_gamma": rows(mp.loggamma, [(x,) for x in lg]),
        "beta_regularized": rows(beta, beta_points),
        "beta_quantile": rows(beta_quantile, [(a, b, p) for a, b in shapes for p in quantile_ps]),
        "gamma_regularized": rows(gamma, [q for q in gamma_points if keep(gamma, q)]),
        "gamma_regularized_upper": rows(gamma_upper, [q for q in gamma_points if keep(gamma_upper, q)]),
        "gamma_quantile": rows(gamma_quantile, [(a, p) for a in gamma_shapes for p in quantile_ps]),
        "student_t_cdf": rows(student_t, [(t, df) for df in dfs for t in ts if keep(student_t, (t, df))]),
        "student_t_quantile": rows(student_t_quantile, [(p, df) for df in dfs for p in quantile_ps]),
        "chi_squared_upper_tail": rows(lambda x, df: gamma_upper(mp.mpf(df) / 2, mp.mpf(x) / 2), [(x, df) for df in [1.0, 2.0, 3.0, 5.0, 11.0, 40.0] for x in [1e-6, 0.1, 1.0, 2.0, 3.841, 7.5, 15.0, 40.0, 80.0]]),
    }
    # One row per line: small differences stay readable.
    body = ",\n".join(
        f' "{name}": [\n' + ",\n".join("  " + json.dumps(row) for row in table) + "\n ]"
        for name, table in result.items()
    )
    sys.stdout.write("{\n" + body + "\n}\n")


main()
