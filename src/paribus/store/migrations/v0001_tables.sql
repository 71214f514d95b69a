-- The tables of format 1, the first. A migration that has been released is never changed.

-- All that one training needs but its seed, as canonical JSON under its SHA-256.
CREATE TABLE experiments (
    hash      TEXT PRIMARY KEY,
    canonical TEXT NOT NULL
) STRICT;

-- What users call an experiment, in which study; for people only, nothing is looked up by it
-- but what they type.
CREATE TABLE names (
    name       TEXT NOT NULL,
    study      TEXT NOT NULL,
    experiment TEXT NOT NULL REFERENCES experiments (hash),
    PRIMARY KEY (name, study, experiment)
) STRICT;

CREATE TABLE runs (
    id          TEXT PRIMARY KEY,
    experiment  TEXT NOT NULL REFERENCES experiments (hash),
    seed        INTEGER NOT NULL,
    engine      TEXT NOT NULL,
    fingerprint TEXT NOT NULL,  -- SHA-256 of the data it was trained on
    status      TEXT NOT NULL CHECK (status IN ('running', 'finished', 'diverged', 'failed')),
    reason      TEXT NOT NULL DEFAULT '',
    UNIQUE (experiment, seed, engine)
) STRICT;

-- NaN is kept as NULL. Losses in nats, accuracies as shares, times in seconds.
CREATE TABLE epochs (
    run                 TEXT NOT NULL REFERENCES runs (id),
    epoch               INTEGER NOT NULL,
    train_loss          REAL,
    train_accuracy      REAL,
    test_loss           REAL,
    test_accuracy       REAL,
    validation_loss     REAL,
    validation_accuracy REAL,
    train_seconds       REAL NOT NULL,
    test_seconds        REAL NOT NULL,
    PRIMARY KEY (run, epoch)
) STRICT;

-- What a run needs to go on after its last epoch (safetensors); gone once it has ended. It is
-- written in the same transaction as the epoch's row, so the two never disagree.
CREATE TABLE checkpoints (
    run   TEXT PRIMARY KEY REFERENCES runs (id),
    epoch INTEGER NOT NULL,
    state BLOB NOT NULL
) STRICT;

-- Where a run was trained from some epoch on (JSON); more than one row if it was resumed.
CREATE TABLE environments (
    run         TEXT NOT NULL REFERENCES runs (id),
    first_epoch INTEGER NOT NULL,
    environment TEXT NOT NULL,
    PRIMARY KEY (run, first_epoch)
) STRICT;
