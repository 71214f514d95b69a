# Comparisons of several experiments by R: Holm over paired t tests (stats), Dunnett's simultaneous
# one-sided intervals (multcomp), Welch's test (stats).
# Writes r_comparisons.json beside it. With Debian's r-cran-multcomp:
#   Rscript tests/stats/oracles/r_comparisons.R
suppressMessages(library(multcomp))

# The same values as tests/stats/test_oracles.py makes: no random numbers, so none to agree on.
noise <- function(i) { x <- sin(12.9898 * i) * 43758.5453; qnorm(0.001 + 0.998 * (x - floor(x))) }
values <- function(means, seeds) {
  k <- length(means)
  t(sapply(seq_len(k), function(e)
    means[e] + noise((e - 1) * seeds + seq_len(seeds)) + noise(100000 + seq_len(seeds))))
}

json <- function(x) paste0("[", paste(formatC(x, digits = 12, format = "g"), collapse = ", "), "]")

# Few seeds: Holm-adjusted p values of all pairs, in the order (1,2), (1,3), …, (2,3), …
few <- values(c(0, 0.8, 1.0, 3.0), 6)
table <- pairwise.t.test(as.vector(t(few)), rep(1:4, each = 6), paired = TRUE, p.adjust.method = "holm")$p.value
holm <- unlist(lapply(1:3, function(i) table[i:3, i]))

# Many seeds of equal variances: simultaneous upper 95 % ends of (each other - experiment j).
many <- values(c(0, 0.02, -0.3, 0.01), 400)
data <- data.frame(y = as.vector(t(many)), seed = factor(rep(1:400, 4)))
upper <- c()
for (j in 1:4) {
  data$variant <- relevel(factor(rep(1:4, each = 400)), ref = as.character(j))
  fit <- lm(y ~ variant + seed, data)
  set.seed(1)
  ends <- confint(glht(fit, mcp(variant = "Dunnett"), alternative = "greater"), level = 0.95)$confint
  upper <- c(upper, ends[, "lwr"])
}

a <- few[1, ]; b <- values(c(0.5), 12)[1, ] * 2
welch <- t.test(b, a)
writeLines(paste0(
  "{\n \"holm\": ", json(holm), ",\n \"lower_of_other_minus_j\": ", json(upper),
  ",\n \"welch\": ", json(c(welch$statistic, welch$parameter, welch$p.value, welch$conf.int)), "\n}"),
  "tests/stats/oracles/r_comparisons.json")
