"""What a study came to. The only place where the store and the statistics meet.

`results` reads runs from a store and puts them in order; `findings` answers a study's questions
with the statistics, which are loaded only then.
"""

from paribus.analysis.results import Curves, ExperimentResult, Run, StudyResult, collect

__all__ = ["Curves", "ExperimentResult", "Run", "StudyResult", "collect"]
