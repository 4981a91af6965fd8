-- Schema 4: the order of events, and what was used of caps.

-- The hash of an event chained to those of all events before it, whoever's they are, as that of a journal.
ALTER TABLE events ADD COLUMN link BLOB NOT NULL DEFAULT x'';
ALTER TABLE wallet_events ADD COLUMN link BLOB NOT NULL DEFAULT x'';

-- What was used of caps over periods: a fold of what stands of outcomes. `plan` is the name of a plan,
-- which all its versions share; no rule means a cap of the plan, no payee one that counts everybody; `period`
-- names a day, week or month by its first day.
CREATE TABLE cap_usage (
    tenant   TEXT    NOT NULL,
    plan     TEXT    NOT NULL,
    currency TEXT    NOT NULL,
    rule     TEXT    NOT NULL,
    payee    TEXT    NOT NULL,
    period   TEXT    NOT NULL,
    amount   INTEGER NOT NULL,
    PRIMARY KEY (tenant, plan, currency, rule, payee, period)
) STRICT, WITHOUT ROWID;
