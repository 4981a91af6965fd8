-- Schema 2: wallets. What happened to each member's money beside commission, and where it stands.

-- What happened, append-only, each event with its command; `position` is what consumers remember, `hash`
-- chains the events of one wallet, `journal` is what the event posted.
CREATE TABLE wallet_events (
    position    INTEGER PRIMARY KEY,
    tenant      TEXT    NOT NULL,
    member      TEXT    NOT NULL,
    currency    TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    command_id  TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    type        TEXT    NOT NULL,
    data        TEXT    NOT NULL,
    hash        BLOB    NOT NULL,
    journal     INTEGER,
    UNIQUE (tenant, member, currency, seq)
) STRICT;

-- The head of each wallet's chain; `frozen` says that a hold freezes all of it, `due` when a payout lapses.
CREATE TABLE wallets (
    tenant   TEXT    NOT NULL,
    member   TEXT    NOT NULL,
    currency TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    frozen   INTEGER NOT NULL,
    due      INTEGER,
    head     BLOB    NOT NULL,
    PRIMARY KEY (tenant, member, currency)
) STRICT, WITHOUT ROWID;
CREATE INDEX wallets_due ON wallets (tenant, due) WHERE due IS NOT NULL;

CREATE TABLE withdrawals (
    tenant        TEXT    NOT NULL,
    withdrawal_id TEXT    NOT NULL,
    member        TEXT    NOT NULL,
    currency      TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    amount        INTEGER NOT NULL,
    fee           INTEGER NOT NULL,
    tax           INTEGER NOT NULL,
    requested_at  INTEGER NOT NULL,
    payout_id     TEXT,
    PRIMARY KEY (tenant, withdrawal_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX withdrawals_state ON withdrawals (tenant, state, requested_at);
CREATE INDEX withdrawals_member ON withdrawals (tenant, member, currency);

-- A withdrawal has at most one payout the provider may act on.
CREATE TABLE payouts (
    tenant         TEXT    NOT NULL,
    payout_id      TEXT    NOT NULL,
    withdrawal_id  TEXT    NOT NULL,
    state          TEXT    NOT NULL,
    attempts       INTEGER NOT NULL,
    expires_at     INTEGER,
    transaction_id TEXT,
    paid           INTEGER NOT NULL,
    PRIMARY KEY (tenant, payout_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX payouts_live ON payouts (tenant, withdrawal_id)
    WHERE state IN ('requested', 'sent', 'awaiting_payee');
CREATE INDEX payouts_withdrawal ON payouts (tenant, withdrawal_id);

-- Holds that were not released; no account means the whole wallet.
CREATE TABLE holds (
    tenant   TEXT    NOT NULL,
    member   TEXT    NOT NULL,
    currency TEXT    NOT NULL,
    hold_id  TEXT    NOT NULL,
    account  TEXT,
    amount   INTEGER NOT NULL,
    PRIMARY KEY (tenant, member, currency, hold_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE adjustments (
    tenant        TEXT    NOT NULL,
    member        TEXT    NOT NULL,
    currency      TEXT    NOT NULL,
    adjustment_id TEXT    NOT NULL,
    amount        INTEGER NOT NULL,
    proposed_by   TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    PRIMARY KEY (tenant, member, currency, adjustment_id)
) STRICT, WITHOUT ROWID;

-- A statement reads one member's accounts; the mall's are left out, which every journal touches.
CREATE INDEX postings_account ON postings (tenant, account, currency) WHERE account >= 'member:';
