package io.fenrun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The plans that come with the library. */
class PresetsTest {
    @Test
    void eachIsListedAndLoads() {
        List<String> sorted = new ArrayList<>(Plan.presets());
        Collections.sort(sorted);
        assertEquals(sorted, Plan.presets());
        assertTrue(sorted.contains("crmeb"), sorted.toString());
        JsonArray listed = Json.parse(Fenrun.run("presets", null, "{}")).asObject().get("presets").asArray();
        assertEquals(sorted.size(), listed.size());
        for (JsonValue preset : listed) {
            String name = preset.asObject().getString("name", null);
            try (Plan plan = Plan.preset(name)) {
                assertEquals(preset.asObject().getString("hash", null), plan.hash(), name);
                assertFalse(Json.parse(plan.check()).asObject().get("bounds").asArray().isEmpty(), name);
            }
        }
    }

    /** Each has its golden vector, which C, PHP and Python are held to as well. */
    @Test
    void eachSettlesTheSameSale() throws IOException {
        Map<String, JsonObject> vectors = new HashMap<>();
        for (JsonObject vector : VectorsTest.all()) {
            vectors.put(vector.getString("id", ""), vector);
        }
        for (String name : Plan.presets()) {
            JsonObject vector = vectors.get("sale-under-" + name);
            assertNotNull(vector, name);
            JsonObject expect = vector.get("expect").asObject();
            try (Plan plan = Plan.preset(name)) {
                Outcome outcome = plan.settleOne(vector.get("input").asObject().get("sale").toString());
                assertEquals(expect.getLong("pool", -1), outcome.pool(), name);
                List<String> expected = new ArrayList<>();
                for (JsonValue row : expect.get("rows").asArray()) {
                    expected.add(row.asObject().getString("payee", "") + " " + row.asObject().getLong("amount", 0));
                }
                List<String> paid = new ArrayList<>();
                for (Row row : outcome.rows()) {
                    paid.add(row.payee() + " " + row.amount());
                }
                assertEquals(expected, paid, name);
            }
        }
    }
}
