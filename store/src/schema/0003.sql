-- Schema 3: what is known across wallets and orders, and the order of journals.

-- The host's own currencies beside ISO 4217, those of all tenants: whoever opens the store reads its amounts
-- alike. `hash` is that of code and exponent.
CREATE TABLE currencies (
    code     TEXT    NOT NULL,
    exponent INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    PRIMARY KEY (code)
) STRICT, WITHOUT ROWID;

-- Money providers sent, by their transactions: each pays once in a shop, whoever's wallet it is reported for.
CREATE TABLE transactions (
    tenant         TEXT    NOT NULL,
    transaction_id TEXT    NOT NULL,
    member         TEXT    NOT NULL,
    currency       TEXT    NOT NULL,
    payout_id      TEXT    NOT NULL,
    amount         INTEGER NOT NULL,
    returned       INTEGER NOT NULL,
    PRIMARY KEY (tenant, transaction_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX transactions_wallet ON transactions (tenant, member, currency);

-- Commands of orders that found nothing to do, so that their ids never act later. `place` counts those of a
-- tenant, in the order they came.
CREATE TABLE idle_commands (
    tenant      TEXT    NOT NULL,
    order_id    TEXT    NOT NULL,
    command_id  TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    PRIMARY KEY (tenant, order_id, command_id)
) STRICT, WITHOUT ROWID;

-- How many idle commands a tenant has, and the hash of all of them, chained by place.
CREATE TABLE idle_heads (
    tenant TEXT    NOT NULL,
    places INTEGER NOT NULL,
    head   BLOB    NOT NULL,
    PRIMARY KEY (tenant)
) STRICT, WITHOUT ROWID;

-- The hash of a journal chained to those of all journals before it: they cannot change places.
ALTER TABLE journals ADD COLUMN link BLOB NOT NULL DEFAULT x'';
