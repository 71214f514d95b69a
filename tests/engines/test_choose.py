"""Which engine is chosen, and what is said when none can be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from paribus.engines import choose as choosing
from paribus.engines.base import Engine
from paribus.engines.choose import (
    choose_common,
    choose_to_predict,
    make_engine,
)
from paribus.engines.native import library
from paribus.engines.native.library import library_path, load
from paribus.engines.numpy import NumpyEngine
from paribus.errors import UserError
from paribus.spec.experiment import ENGINES
from paribus.spec.plan import plan_of
from tests.support.choosing import MODULE, PLAIN, chosen, small_experiment

_NOT_BUILT = (
    'the engine "native" was not built when Paribus was installed; install a C++17 compiler '
    "(g++ or clang), then install Paribus again"
)
_FASTEST = "torch" if library_path() is None else "native"


def test_every_engine_can_be_made_by_its_name() -> None:
    assert ENGINES.names() == ["numpy", "torch", "native"]
    for name in ENGINES.names():
        assert make_engine(name).name == name
        assert chosen(*PLAIN, engine=name) == name


def test_auto_takes_the_fastest_that_can() -> None:
    assert chosen(*PLAIN) == _FASTEST
    assert chosen("gelu", "conv 5 kernel=7 stride=2", "dropout 0.5", *PLAIN) == _FASTEST
    assert chosen("conv 3", "avgpool 7", "flatten") == _FASTEST
    assert chosen(*MODULE) == "torch"


def test_one_engine_for_several() -> None:
    experiments = {"a": small_experiment(*PLAIN), "b": small_experiment(*MODULE)}
    networks = {name: plan_of(e, (1, 7, 7), 3) for name, e in experiments.items()}
    common = choose_common(networks, experiments)
    assert common.engine == "torch"
    if _FASTEST == "native":
        assert common.passed_over == (
            'the engine "native" does not support b because it runs only networks made of '
            "Paribus's own layers"
        )


class Older(NumpyEngine):
    """An engine that was written before there was augmentation."""

    heeds = frozenset()


def test_no_engine_trains_without_a_setting_that_it_does_not_heed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choosing, "make_engine", lambda name, cores=1: Older())
    plain = small_experiment(*PLAIN, engine="numpy")
    network = plan_of(plain, (1, 7, 7), 3)
    assert choosing.choose(network, plain) == "numpy"
    augmented = plain.but(augment=["flip"])
    with pytest.raises(
        UserError, match="does not support this network because it does not augment imag"
    ):
        choosing.choose(network, augmented)
    # What it trained or not, it predicts alike.
    assert choose_to_predict(network, augmented).name == "numpy"


def test_whoever_trained_it_the_fastest_predicts() -> None:
    def predicting(*network: str) -> Engine:
        experiment = small_experiment(*network, engine="torch")
        return choose_to_predict(plan_of(experiment, (1, 7, 7), 3), experiment)

    assert predicting(*PLAIN).name == ("numpy" if library_path() is None else "native")
    assert predicting(*MODULE).name == "torch"


def test_without_the_compiled_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    load.cache_clear()
    monkeypatch.setattr(library, "library_of", lambda name: Path("not built"))
    assert chosen(*PLAIN) == "torch"
    with pytest.raises(UserError) as error:
        chosen(*PLAIN, engine="native")
    load.cache_clear()
    assert str(error.value) == _NOT_BUILT


def test_a_named_engine_that_refuses() -> None:
    with pytest.raises(UserError) as error:
        chosen(*MODULE, engine="numpy")
    assert str(error.value) == (
        'engine "numpy" does not support this network because it runs only networks made of '
        'Paribus\'s own layers; use engine = "torch"'
    )


def test_an_unknown_engine() -> None:
    with pytest.raises(UserError, match=r'^there is no engine "nmpy"; did you mean "numpy"\?$'):
        make_engine("nmpy")


_WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # as if it were not installed
from paribus.engines.choose import choose
from paribus.engines.native import library
from pathlib import Path
library.library_of = lambda name: Path('not built')
from paribus.errors import UserError
from tests.support.choosing import MODULE, chosen
print(chosen("flatten", "linear 3"))
for name in ("torch", "auto"):
    try:
        chosen(*MODULE, engine=name)
    except UserError as error:
        print(error)
"""


def test_without_torch() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _WITHOUT_TORCH], capture_output=True, text=True, check=True
    )
    needs = (
        'the engine "torch" needs the package torch, which is not installed; '
        'install it with: pip install "paribus[torch]"'
    )
    assert run.stdout.splitlines() == [
        "numpy",
        needs,
        f"no engine supports this network: {_NOT_BUILT}; {needs}; "
        'the engine "numpy" does not support this network because it runs only networks made of '
        "Paribus's own layers",
    ]


def test_choosing_does_not_load_torch() -> None:
    code = (
        "import sys\nfrom tests.support.choosing import chosen\n"
        "chosen('flatten', 'linear 3')\n"
        "chosen('nets:Small')\n"
        "assert chosen('flatten', 'linear 3', engine='torch') == 'torch'\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
