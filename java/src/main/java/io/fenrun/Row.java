package io.fenrun;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;

/** One amount for one payee: an allocation, or a reversal with an amount that is normally below zero. */
public final class Row {
    private final JsonObject json;

    Row(JsonObject json) {
        this.json = json;
    }

    /** 32 hex digits, the same in every language and version: put a unique index on it. */
    public String key() {
        return json.getString("key", null);
    }

    /** Who is paid. */
    public String payee() {
        return json.getString("payee", null);
    }

    /** Minor units. */
    public long amount() {
        return json.get("amount").asLong();
    }

    /** The rule that pays. */
    public String rule() {
        return json.getString("rule", null);
    }

    /** The line it is paid for; null in a reversal and when the rule rounds per order. */
    public String line() {
        JsonValue line = json.get("line");
        return line == null || line.isNull() ? null : line.asString();
    }

    /** The level from 1; 0 in a reversal. */
    public int level() {
        return json.getInt("level", 0);
    }

    /** The account, {@code cash} until a plan splits it. */
    public String account() {
        return json.getString("account", null);
    }

    @Override
    public String toString() {
        return json.toString();
    }
}
