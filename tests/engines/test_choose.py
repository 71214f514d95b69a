"""Which engine is chosen, and what is said when none can be."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from paribus.engines.choose import choose, engine_names, make_engine
from paribus.engines.native import library
from paribus.engines.native.library import library_path, load
from paribus.errors import UserError
from paribus.spec.network import ModuleNetwork
from tests.conformance.cases import make_task, noise

TASK = make_task(["flatten", "linear 3"], noise(5))
_NOT_BUILT = (
    'the engine "native" was not built when Paribus was installed; install a C++17 compiler '
    "(g++ or clang), then install Paribus again"
)
MODULE = replace(TASK, network=ModuleNetwork(module="nets:Small"), initial={})


def test_every_engine_can_be_made_by_its_name() -> None:
    for name in engine_names():
        assert make_engine(name).name == name
        assert choose(name, TASK).name == name


def test_auto_takes_the_fastest_that_can() -> None:
    assert choose("auto", TASK).name == ("torch" if library_path() is None else "native")
    assert choose("auto", make_task(["gelu", "flatten", "linear 3"], noise(5))).name == "torch"
    assert choose("auto", make_task(["conv 3", "avgpool 7", "flatten"], noise(5))).name == "torch"
    assert choose("auto", MODULE).name == "torch"


def test_without_the_compiled_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    load.cache_clear()
    monkeypatch.setattr(library, "library_path", lambda: None)
    assert choose("auto", TASK).name == "torch"
    with pytest.raises(UserError) as error:
        choose("native", TASK)
    load.cache_clear()
    assert str(error.value) == _NOT_BUILT


def test_a_named_engine_that_refuses() -> None:
    with pytest.raises(UserError) as error:
        choose("numpy", MODULE)
    assert str(error.value) == (
        'engine "numpy" cannot run this network because it runs only networks made of Paribus\'s '
        'own layers; use engine = "torch"'
    )


def test_an_unknown_engine() -> None:
    with pytest.raises(UserError, match=r'^there is no engine "nmpy"; did you mean "numpy"\?$'):
        make_engine("nmpy")


_WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # as if it were not installed
from dataclasses import replace
from types import SimpleNamespace
from paribus.engines.choose import choose
from paribus.engines.native import library
library.library_path = lambda: None  # as if it were not built
from paribus.errors import UserError
from paribus.spec.network import ModuleNetwork
from paribus.spec.notation import parse_layers
from paribus.spec.plan import make_plan
task = SimpleNamespace(network=make_plan(parse_layers(["flatten", "linear 3"]), (1, 7, 7), 3))
print(choose("auto", task).name)
task.network = ModuleNetwork(module="nets:Small")
for name in ("torch", "auto"):
    try:
        choose(name, task)
    except UserError as error:
        print(error)
"""


def test_without_torch() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _WITHOUT_TORCH], capture_output=True, text=True, check=True
    )
    needs = (
        'the engine "torch" needs PyTorch, which is not installed; '
        "install it with: pip install paribus[torch]"
    )
    assert run.stdout.splitlines() == [
        "numpy",
        needs,
        f"no engine can run this network: {_NOT_BUILT}; {needs}; "
        'the engine "numpy" cannot run this network because it runs only networks made of '
        "Paribus's own layers",
    ]


def test_choosing_numpy_does_not_load_torch() -> None:
    code = (
        "import sys\nfrom paribus.engines.choose import make_engine\n"
        "make_engine('numpy')\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
