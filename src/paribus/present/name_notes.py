"""What the name of an experiment stands for, where it could stand for several."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from paribus.campaign.naming import NameNote, NotTrainedSince, OneOfSeveral
from paribus.present.what_differs import difference_words
from paribus.text import command


def name_notes(notes: Iterable[NameNote], store: Path) -> str:
    """Return what there is to say of a name, in one line; "" if nothing.

    store: the folder that the name is looked up in.
    """
    return " ".join(_words(note, store) for note in notes)


def _words(note: NameNote, store: Path) -> str:
    match note:
        case OneOfSeveral(name=name, hash=hash_, label=label, others=others):
            why = f"as {label} has it now" if label else "which was trained last"
            told = "; ".join(
                f"{other.hash[:12]} ({', '.join(map(difference_words, other.changes))})"
                for other in others
            )
            return (
                f"{name} is {hash_[:12]} here, {why}. Others of the name, by hash, and what has "
                f"changed: {told}."
            )
        case NotTrainedSince(name=name, label=label, described=described, same_recipe=same_recipe):
            what = "on the images" if same_recipe else "with the settings"
            train = command("run", *label.split(" "), store=store)
            return (
                f"{name} has not been trained {what} that {label} has now; these are runs of "
                f"{described}. `{train}` trains it as it is now."
            )
