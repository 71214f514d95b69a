"""A store on a file system that machines share, as a mount table has it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from paribus.errors import UserError
from paribus.store.network import mount_table, network_type
from paribus.store.open import _is_trained_by_older, open_store, open_to_look
from paribus.store.writer import Writer
from tests.support.commands import call, train_here
from tests.support.small import Small
from tests.support.stored import content

TABLE = """22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 27 0:50 / /home rw shared:2 - nfs4 server:/home rw,vers=4.2,local_lock=none
41 40 254:1 / /home/me/disk rw - xfs /dev/vdb rw
42 27 0:51 / /mnt/office\\040share rw - cifs //office/share rw
43 27 0:52 / /mnt/far rw - fuse.sshfs me@far:/ rw
44 27 0:53 / /mnt/stick rw - fuseblk /dev/sdb1 rw
45 27 0:54 / /var/lib/containers rw - fuse.fuse-overlayfs fuse-overlayfs rw
46 27 0:55 / /scratch rw - lustre 10.0.0.1@tcp:/scratch rw
47 46 0:56 / /scratch/now rw - tmpfs tmpfs rw
48 47 0:57 / /scratch/now rw - nfs server:/now rw
49 27 0:58 / /mnt/caf\udce9\x0c rw - fuse nameless rw
"""


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/home/me/runs", "nfs4"), ("/home", "nfs4"), ("/homes/runs", ""), ("/srv/runs", ""),
        ("/home/me/disk/runs", ""), ("/mnt/office share/runs", "cifs"),
        ("/mnt/far/runs", "fuse.sshfs"), ("/mnt/stick/runs", ""), ("/var/lib/containers/a", ""),
        ("/scratch/runs", "lustre"), ("/scratch/now/runs", "nfs"),
        ("/mnt/caf\udce9\x0c/runs", "fuse"),
    ],
)  # fmt: skip
def test_it_is_recognised(folder: str, expected: str) -> None:
    assert network_type(Path(folder), TABLE) == expected


def test_a_link_to_it_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "home")
    table = TABLE.replace("/home ", f"{tmp_path}/home ")
    assert network_type(tmp_path / "link" / "runs", table) == "nfs4"
    assert network_type(tmp_path / "else" / "runs", table) == ""


def test_where_nothing_is_told_the_disk_is_local() -> None:
    assert network_type(Path("/home/me"), "") == ""
    assert network_type(Path("/home/me"), "no table\n1 2 - x\n") == ""
    assert network_type(Path("/"), mount_table()) == ""  # This machine's own.


@pytest.fixture
def on_nfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the mount table has as one of NFS."""
    table = f"40 27 0:50 / {tmp_path} rw - nfs4 server:/home rw\n"
    monkeypatch.setattr("paribus.store.open.mount_table", lambda: table)
    return tmp_path


def journal(store: Writer) -> str:
    return str(store._db.execute("PRAGMA journal_mode").fetchone()[0])


def test_it_has_a_rollback_journal_and_one_writer(on_nfs: Path) -> None:
    with open_store(on_nfs / "runs", "create") as store:
        assert journal(store) == "delete"
        with pytest.raises(UserError, match=r"only one at a time may; wait .* `paribus merge`"):
            open_store(on_nfs / "runs", "write")
        with open_to_look(on_nfs / "runs") as looking:
            assert not looking.writable
            assert looking.find_runs("") == []
    assert not (on_nfs / "runs" / "paribus.db-wal").exists()
    open_store(on_nfs / "runs", "write").close()


def test_a_store_of_a_local_disk_gets_one_and_loses_it(
    on_nfs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as local:
        local.setattr("paribus.store.open.mount_table", lambda: "")
        with open_store(on_nfs, "create") as store:
            assert journal(store) == "wal"
            store.keep_study("study", {}, data="mnist")
    with open_store(on_nfs, "write") as store:
        assert journal(store) == "delete"
        assert store.study_id("study", Path(), False) is not None
    monkeypatch.setattr("paribus.store.open.mount_table", lambda: "")
    with closing(open_store(on_nfs, "write")) as store:
        assert journal(store) == "wal"


def test_one_of_an_older_format_is_not_taken_to_be_in_use(on_nfs: Path) -> None:
    with open_store(on_nfs, "create") as store:
        store._db.execute("PRAGMA user_version = 1")
        assert not _is_trained_by_older(on_nfs)
        with store.claim("run"):
            assert _is_trained_by_older(on_nfs)


def test_without_locks_it_is_refused(on_nfs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise NotImplementedError("no flock")

    monkeypatch.setattr("paribus.store.network.FileLock.acquire", none)
    with pytest.raises(UserError, match=r"\(nfs4\) without locks \(no flock\); keep the store on"):
        open_store(on_nfs, "create")


@pytest.mark.slow
def test_a_study_is_trained_there(small: Small, on_nfs: Path) -> None:
    study = small()
    train_here(study, seeds=1, only=("mlp",))
    assert len(content(on_nfs / "runs")) == 1
    assert (
        "1 of 1 finished"
        in call("status", study, "--store", on_nfs / "runs", "--seeds", "1", "--only", "mlp").output
    )
