"""Measures the step times that the built-in study asks about, and adds them to its pack."""

from __future__ import annotations

from pathlib import Path

from paribus.campaign.campaign import make
from paribus.campaign.timing import time_pairs, untimed, wait_until_quiet
from paribus.errors import UserError
from paribus.packs.pack import pack
from paribus.packs.unpack import contents_of_pack
from paribus.present.progress import timing_progress
from paribus.store.open import open_store
from paribus.store.unite import unite

PROCESSES = 10
"""That time each pair. The plan says at least 5; this number was fixed before the first of them."""


def time_pack(folder: Path, store: Path) -> None:
    """Time the pairs that a pack has in too few processes, and pack the timings.

    store: a folder for it, new or empty. Raises `UserError` if the machine is not quiet.
    """
    unite(store, [contents_of_pack(folder)])
    campaign = make("mnist", store_folder=store)
    with open_store(store, "write") as opened:
        known = campaign.known(opened)
        codes = {name: identity.code for name, identity in known.identities.items()}
        pairs = untimed(campaign.result(opened, known), codes)
        if pairs and (busy := wait_until_quiet()):
            raise UserError(
                f"others keep {busy.others:.1f} of {busy.cores} cores busy; step times are "
                "measured on a machine that does nothing else"
            )
        with timing_progress(len(pairs), PROCESSES) as listen:
            time_pairs(campaign, pairs, opened, processes=PROCESSES, listen=listen)
        pack(opened, folder)
