"""Anytime-valid t-tests by `avinf` 1.0.0, of the authors of the method (Lindon et al. 2022).

Writes anytime_valid.json beside it. Not a dependency of Paribus: in an environment of its own,
pip install avinf==1.0.0 (Python 3.12), then python tests/stats/oracles/anytime_valid.py. Its g is
the precision of the mixture, 1/g of ours. Its file is loaded by
path, as its package does not parse.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

G = 0.5


def main() -> None:
    package = importlib.util.find_spec("avinf")
    assert package is not None
    assert package.submodule_search_locations
    file = Path(package.submodule_search_locations[0]) / "av_lm.py"
    spec = importlib.util.spec_from_file_location("av_lm", file)
    assert spec is not None
    assert spec.loader is not None
    av = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(av)
    log_e = [
        {"t": t, "n": n, "log_e": float(av.log_G_t(t**2, n - 1, n, 1 / G))}
        for n in (2, 3, 5, 10, 40, 200)
        for t in (0.0, 0.5, 2.0, 7.5)
    ]
    radius = [
        {"n": n, "alpha": alpha, "radius": float(av.t_radius(1 / G, n, 1, alpha)) / n**0.5}
        for n in (8, 10, 40, 200)
        for alpha in (0.10, 0.05, 0.02)
    ]
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps({"log_e": log_e, "radius": radius}) + "\n", "utf-8")


if __name__ == "__main__":
    main()
