package io.fenrun;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a sale came to: rows, what is retained and why, and the frozen blob its reversal needs. Immutable. */
public final class Outcome {
    private final String json;
    private final JsonObject parsed;
    private final String frozen;

    Outcome(String json, String frozen) {
        this.json = json;
        this.parsed = Json.parse(json).asObject();
        this.frozen = frozen;
    }

    /** Who gets what. */
    public List<Row> rows() {
        return rows(parsed, "rows");
    }

    /** What nobody got, by reason, in minor units. */
    public Map<String, Long> retained() {
        Map<String, Long> retained = new LinkedHashMap<>();
        for (JsonValue entry : parsed.get("retained").asArray()) {
            retained.put(entry.asObject().getString("reason", null), entry.asObject().get("amount").asLong());
        }
        return Collections.unmodifiableMap(retained);
    }

    /** What the plan offered: rows and retained amounts sum to it. */
    public long pool() {
        return parsed.get("pool").asLong();
    }

    /** Keep it beside the order: {@link Frozen#reverse} needs nothing else, not even the plan. */
    public Frozen frozen() {
        return new Frozen(frozen);
    }

    /** Why everybody got each cent, or nothing: a sentence a slot, in "en" or "zh". */
    public List<String> explain(String lang) {
        return frozen().explain(lang);
    }

    /** The whole document. */
    public String toJson() {
        return json;
    }

    static List<Row> rows(JsonObject parsed, String key) {
        List<Row> rows = new ArrayList<>();
        for (JsonValue row : parsed.get(key).asArray()) {
            rows.add(new Row(row.asObject()));
        }
        return Collections.unmodifiableList(rows);
    }
}
