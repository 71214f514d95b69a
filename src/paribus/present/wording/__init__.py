"""What a finding says in words, for a reader who knows no statistics.

`sentence`, `reasons`, `noise`, `badge`, `subject`, `table_verdict` and `agreement` take a finding
of any kind; each kind registers its own words, in a module of its name. Another package registers
those of its finding with `@sentence.register`, and may with the others.
"""

from paribus.present.wording.best import best_sentence as _best
from paribus.present.wording.best import in_order, ranks, to_best
from paribus.present.wording.count import count_sentence as _count
from paribus.present.wording.generic import (
    agreement,
    as_first_planned,
    badge,
    changed_experiments,
    noise,
    reasons,
    sentence,
    subject,
    table_verdict,
    verdict_words,
)
from paribus.present.wording.interaction import interaction_reasons as _interaction
from paribus.present.wording.pair import pair_sentence as _pair
from paribus.present.wording.pair_reasons import pair_reasons as _pair_reasons
from paribus.present.wording.phrases import examples
from paribus.present.wording.step_time import step_time_sentence as _step_time
from paribus.present.wording.tuned import tuned_sentence as _tuned
from paribus.present.wording.unpaired import unpaired_sentence as _unpaired

__all__ = [
    "agreement",
    "as_first_planned",
    "badge",
    "changed_experiments",
    "examples",
    "in_order",
    "noise",
    "ranks",
    "reasons",
    "sentence",
    "subject",
    "table_verdict",
    "to_best",
    "verdict_words",
]

# Loading them registers the words of the built-in kinds.
_REGISTERED = (
    _pair, _pair_reasons, _interaction, _tuned, _best, _step_time, _count, _unpaired,
)  # fmt: skip
