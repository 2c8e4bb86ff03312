"""Write case-mix.json: invented, seeded data and the answers of numpy, scipy and statsmodels.

    pip install numpy==2.* scipy==1.* statsmodels==0.14.*; python3 tests/oracles/make_case_mix.py > tests/oracles/case-mix.json
"""
import json

import numpy as np
import statsmodels.api as sm
from scipy import optimize, stats
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.outliers_influence import variance_inflation_factor

random = np.random.default_rng(20240611)

# Forty providers; the level of a provider rises with its case-mix, so that pooled and within differ.
sizes = random.integers(4, 30, 40)
groups = np.repeat(np.arange(40), sizes)
severity = random.normal(0, 3, 40)
x1 = np.round(50 + severity[groups] + random.normal(0, 8, groups.size), 1)
x2 = (random.random(groups.size) < 0.4).astype(float)
x3 = np.round(40 + 0.2 * x1 + random.normal(0, 5, groups.size), 1)
level = 0.5 * severity + random.normal(0, 1.5, 40)
y = np.round(3 + 0.3 * x1 - 2 * x2 + 0.1 * x3 + level[groups] + random.normal(0, 6, groups.size), 1)
x = np.column_stack([x1, x2, x3])
log_odds = -1 + 0.05 * (x1 - 50) - 0.7 * x2 + 0.03 * (x3 - 50) + 0.9 * random.normal(0, 1, 40)[groups]
event = (random.random(groups.size) < 1 / (1 + np.exp(-log_odds))).astype(float)
n, k, p = len(y), 40, 3


def centre(values):
    values = values.astype(float).copy()
    for g in range(k):
        values[groups == g] -= values[groups == g].mean(axis=0)
    return values


def icc(values):
    means = np.array([values[groups == g].mean() for g in range(k)])
    counts = np.bincount(groups)
    between = (counts * (means - values.mean()) ** 2).sum() / (k - 1)
    within = (centre(values) ** 2).sum() / (n - k)
    typical = (n - (counts**2).sum() / n) / (k - 1)
    return (between - within) / (between + (typical - 1) * within)


def auc(outcome, predicted):
    with_event, without = predicted[outcome == 1], predicted[outcome == 0]
    return stats.mannwhitneyu(with_event, without).statistic / (len(with_event) * len(without))


# Linear: provider dummies are the within estimator.
dummies = sm.OLS(y, np.column_stack([x, np.eye(k)[groups]])).fit()
pooled = sm.OLS(y, sm.add_constant(x)).fit()
cy, cx = centre(y), centre(x)
beta = dummies.params[:p]
expected = y.mean() + (x - x.mean(axis=0)) @ beta
cook = []
for g in range(k):
    keep = groups != g
    without = np.linalg.lstsq(cx[keep], cy[keep], rcond=None)[0]
    cook.append((beta - without) @ (cx.T @ cx) @ (beta - without) / (p * dummies.mse_resid))
elsewhere = np.zeros(n)
for fold in range(10):
    out = groups % 10 == fold
    elsewhere[out] = x[out] @ np.linalg.lstsq(cx[~out], cy[~out], rcond=None)[0]
elsewhere = centre(elsewhere)
linear = {
    "coefficients": list(beta), "standard_errors": list(dummies.bse[:p]), "sigma": dummies.mse_resid**0.5,
    "r_squared": 1 - (dummies.resid**2).sum() / (cy**2).sum(),
    "inflation": max(variance_inflation_factor(cx, j) for j in range(p)),
    "cook": max(cook), "icc": icc(y - expected), "first_expected": list(expected[:5]),
    "r_squared_elsewhere": 1 - ((cy - elsewhere) ** 2).sum() / (cy**2).sum(),
    "slope": (cy @ elsewhere) / (elsewhere @ elsewhere),
    "pooled": {"coefficients": list(pooled.params[1:]), "intercept": pooled.params[0],
               "standard_errors": list(pooled.bse[1:]), "sigma": pooled.mse_resid**0.5},
}

# Logistic.
design = sm.add_constant(x)
fit = sm.Logit(event, design).fit(disp=0, tol=1e-14, maxiter=100)
probability = fit.predict()
weights = probability * (1 - probability)
information = design.T @ (design * weights[:, None])
cook = []
for g in range(k):
    keep = groups != g
    rest = design[keep].T @ (design[keep] * weights[keep][:, None])
    change = np.linalg.solve(rest, design[~keep].T @ (event - probability)[~keep])
    cook.append(change @ information @ change / (p + 1))
elsewhere = np.zeros(n)
for fold in range(10):
    out = groups % 10 == fold
    part = sm.Logit(event[~out], design[~out]).fit(disp=0, tol=1e-14, maxiter=100)
    elsewhere[out] = design[out] @ part.params
recalibrated = sm.Logit(event, sm.add_constant(elsewhere)).fit(disp=0, tol=1e-14, maxiter=100)
logistic = {
    "intercept": fit.params[0], "coefficients": list(fit.params[1:]), "standard_errors": list(fit.bse[1:]),
    "deviance": -2 * fit.llf, "auc": auc(event, probability), "brier": ((event - probability) ** 2).mean(),
    "inflation": max(variance_inflation_factor(design, j) for j in range(1, p + 1)),
    "cook": max(cook), "icc": icc(event - probability),
    "auc_elsewhere": auc(event, elsewhere), "slope": recalibrated.params[1],
}

# Separated: nobody below 50 has the event and everybody above has.
apart = np.arange(30.0, 70.0) + 0.5
separated = (apart > 50).astype(float)
z = (apart - apart.mean()) / apart.std()


def penalised(b):
    eta = b[0] + b[1] * z
    return -(separated * eta - np.logaddexp(0, eta)).sum() + 0.5 * b[1] ** 2


ridge = optimize.minimize(penalised, [0, 0], method="BFGS", options={"gtol": 1e-11}).x

# Counts with case-mix, mixed over the provider effect.
nodes, node_weights = np.polynomial.hermite.hermgauss(31)
nodes, node_weights = nodes * 2**0.5, node_weights / np.pi**0.5


def mixture(p, tau2):
    logit = np.log(p / (1 - p))
    moved = lambda a: 1 / (1 + np.exp(-(logit[None, :] + a + tau2**0.5 * nodes[:, None])))
    shift = optimize.brentq(lambda a: node_weights @ moved(a).sum(axis=1) - p.sum(), -20, 20, xtol=1e-14)
    total = np.zeros(len(p) + 1)
    for row, weight in zip(moved(shift), node_weights):
        density = np.ones(1)
        for q in row:
            density = np.convolve(density, [1 - q, q])
        total += weight * density
    return total


adjusted = []
for cases, tau2 in [(12, 0.0), (12, 0.3), (60, 0.1), (300, 0.05)]:
    p_case = np.round(random.uniform(0.05, 0.6, cases), 3)
    density = mixture(p_case, tau2)
    below = np.cumsum(density) - 0.5 * density
    limit = lambda u: float(np.interp(u, below, np.arange(cases + 1))) if u > below[0] else None
    above = np.cumsum(density[::-1]) - 0.5 * density[::-1]
    upper = lambda u: float(cases - np.interp(u, above, np.arange(cases + 1))) if u > above[0] else None
    observed = [int(v) for v in np.linspace(0, cases * 0.8, 5)]
    adjusted.append({
        "probabilities": list(p_case), "tau2": tau2, "observed": observed,
        "z": [float(stats.norm.ppf(below[o]) if below[o] < 0.5 else stats.norm.isf(above[cases - o])) for o in observed],
        "lower95": limit(0.025), "upper95": upper(0.025), "lower998": limit(0.001), "upper998": upper(0.001),
    })

# Kaplan-Meier with ties, log-log Greenwood.
survival = []
for count, horizon in [(30, 365), (30, 200), (8, 300), (6, 365)]:
    time = random.integers(1, 40, count) * 14.0
    happened = random.random(count) < 0.5
    time = np.where(time > horizon, horizon, time)
    happened &= time < horizon
    if count == 6:
        time[0], happened[0] = horizon, True
        time[1:3], happened[1:3] = horizon, False
    curve = SurvfuncRight(time, happened.astype(int))
    place = np.searchsorted(curve.surv_times, horizon, side="right") - 1
    s, se = float(curve.surv_prob[place]), float(curve.surv_prob_se[place])
    half = stats.norm.ppf(0.975) * se / (s * abs(np.log(s)))
    survival.append({"time": list(time), "event": [bool(h) for h in happened], "horizon": horizon, "survival": s,
                     "lower": s ** np.exp(half), "upper": s ** np.exp(-half), "at_risk": int((time >= horizon).sum())})

# Next year: beta-binomial.
forecasts = []
for events, cases, target, rho, later in [(40, 50, 0.5, 0.02, 60), (0, 12, 0.07, 0.0154, 30), (300, 1000, 0.25, 0.01, 900)]:
    size = (1 - rho) / rho
    a, b = events + size * target, cases - events + size * (1 - target)
    low, high = stats.betabinom.ppf([0.025, 0.975], later, a, b) / later
    forecasts.append({"events": events, "n": cases, "target": target, "rho": rho, "next_n": later,
                      "value": a / (a + b), "lower": low, "upper": high})

means, variances, national = np.array([4.1, 4.9, 5.6]), np.array([0.02, 0.05, 0.09]), 4.6


def generalised_q(tau2):
    weight = 1 / (variances + tau2)
    return (weight * (means - (weight * means).sum() / weight.sum()) ** 2).sum() - (len(means) - 1)


between = optimize.brentq(generalised_q, 0, 10, xtol=1e-14)
priors = national + between / (between + variances) * (means - national)

# Variation between providers with rare events: winsorised moments against their expectation in the model.
CLIP = stats.norm.ppf(0.9)


def winsorised(pairs, mu, family):
    """Solve Σ clip(r)² = (k − 1)/k Σ c twice: c of a normal r, then c of the model at the first solution."""
    def shape(size, theta):
        if family == "beta-binomial":
            return size * mu, size * mu * (1 - mu) * (1 + (size - 1) * theta)
        return size, size + theta * size**2

    def clipped(y, size, theta):
        centre, variance = shape(size, theta)
        return np.clip((y - centre) / variance**0.5, -CLIP, CLIP) ** 2

    def solve(expected):
        excess = lambda theta: sum(clipped(y, size, theta) for y, size in pairs) - expected * (len(pairs) - 1) / len(pairs)
        return optimize.brentq(excess, 1e-9, 0.99, xtol=1e-15)

    first = solve(len(pairs) * (0.8 - 2 * CLIP * stats.norm.pdf(CLIP) + 0.2 * CLIP**2))
    expected = 0
    for _, size in pairs:
        if family == "beta-binomial":
            support, m = np.arange(size + 1), (1 - first) / first
            density = stats.betabinom.pmf(support, size, m * mu, m * (1 - mu))
        else:
            support = np.arange(int(size + 60 * shape(size, first)[1] ** 0.5) + 60)
            density = stats.nbinom.pmf(support, 1 / first, 1 / (1 + first * size))
        expected += (density * clipped(support, size, first)).sum()
    return solve(expected)


hospitals = list(zip([0, 18, 8, 46, 8, 13, 9, 31, 14, 8, 29, 24], [47, 148, 119, 810, 211, 196, 148, 215, 207, 97, 256, 360]))
surgical = winsorised(hospitals, sum(y for y, _ in hospitals) / sum(size for _, size in hospitals), "beta-binomial")
size = np.round(np.exp(random.normal(4, 0.8, 60))).astype(int)
rare = [(int(y), int(m)) for y, m in zip(random.binomial(size, random.beta(0.97, 31.3, 60)), size)]
rare_mean = sum(y for y, _ in rare) / sum(m for _, m in rare)
counts = [(int(y), float(round(m * 0.05, 2))) for y, m in zip(random.poisson(size * 0.05 * random.gamma(2.5, 0.4, 60)), size)]
variation = {"surgical": surgical, "rare": {"pairs": rare, "rho": winsorised(rare, rare_mean, "beta-binomial")},
             "counts": {"pairs": counts, "tau2": winsorised(counts, None, "negative binomial")}}

print(json.dumps({
    "groups": groups.tolist(), "columns": x.T.tolist(), "outcomes": y.tolist(), "events": event.astype(bool).tolist(),
    "linear": linear, "logistic": logistic,
    "ridge": {"columns": apart.tolist(), "events": separated.astype(bool).tolist(),
              "intercept": ridge[0] - ridge[1] * apart.mean() / apart.std(), "coefficient": ridge[1] / apart.std()},
    "variation": variation, "adjusted": adjusted, "survival": survival, "forecasts": forecasts,
    "group_priors": {"means": list(means), "variances": list(variances), "national": national, "priors": list(priors)},
}, default=float))
