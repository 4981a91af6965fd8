package io.fenrun;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.util.List;

/** What a refund posts, and what stands after it. Immutable. */
public final class Reversal {
    private final String json;
    private final JsonObject parsed;

    Reversal(String json) {
        this.json = json;
        this.parsed = Json.parse(json).asObject();
    }

    /** The rows to post; all rows of a payee, allocations too, sum to what stands. */
    public List<Row> rows() {
        return Outcome.rows(parsed, "rows");
    }

    /** What stands afterwards, by rule, payee and account. */
    public List<Row> left() {
        return Outcome.rows(parsed, "left");
    }

    /** The whole document. */
    public String toJson() {
        return json;
    }
}
