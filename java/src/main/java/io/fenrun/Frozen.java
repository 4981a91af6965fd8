package io.fenrun;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A sale with all that its reversal needs; it works after the plan file is gone. Immutable: share freely. */
public final class Frozen {
    private final String text;

    /** Wraps the text that {@link #toString} gave; it is checked when it is used. */
    public Frozen(String text) {
        if (text == null) {
            throw new NullPointerException("the text of a frozen sale");
        }
        this.text = text;
    }

    /**
     * Reverses one refund.
     *
     * @param before the refunds that came before this one, a JSON list of {id, lines}; null for none. A refund is
     *     not its own earlier one, also when it is a retry
     * @param refund {id, lines: [{line, units, amount}]} as JSON; a retry keeps the id and gets the same keys;
     *     with standing: [{rule, payee, account, amount}] where your journal holds something else than the
     *     earlier reversals left
     */
    public Reversal reverse(String before, String refund) {
        byte[] blob = Native.utf8(text, "frozen");
        byte[] earlier = Native.utf8(before == null ? "[]" : before, "before");
        byte[] refunded = Native.utf8(refund, "refund");
        return new Reversal(Native.text((buffer, error) -> Native.library().fenrun_reverse(
                blob, blob.length, earlier, earlier.length, refunded, refunded.length, buffer, error)));
    }

    /** Why everybody got each cent, or nothing: a sentence a slot, in "en" or "zh", long after the plan is gone. */
    public List<String> explain(String lang) {
        JsonObject input = new JsonObject().add("frozen", text).add("lang", lang);
        List<String> lines = new ArrayList<>();
        for (JsonValue line : Json.parse(Fenrun.run("explain", null, input.toString())).asObject().get("lines").asArray()) {
            lines.add(line.asString());
        }
        return Collections.unmodifiableList(lines);
    }

    /** The blob: keep it beside the order. */
    @Override
    public String toString() {
        return text;
    }
}
