package io.fenrun;

import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The `settle` vectors as columns. */
final class Batch {
    private Batch() {}

    /** Columns take whole numbers as ids, at or above zero as units, and components that every line states. */
    static boolean fits(JsonObject input) {
        for (JsonValue member : input.get("members").asArray()) {
            JsonValue inviter = member.asObject().get("inviter");
            if (!isNumber(member.asObject().get("id")) || !(inviter == null || inviter.isNull() || inviter.isNumber())) {
                return false;
            }
        }
        for (JsonValue sale : input.get("sales").asArray()) {
            if (!isNumber(sale.asObject().get("id")) || !isNumber(sale.asObject().get("buyer"))) {
                return false;
            }
        }
        return true;
    }

    static JsonValue settle(Plan plan, JsonObject input) {
        try (Forest forest = forest(input.get("members").asArray())) {
            List<JsonObject> rows = new ArrayList<>();
            List<long[]> places = new ArrayList<>();
            for (JsonValue sale : input.get("sales").asArray()) {
                long number = 0;
                for (JsonValue line : sale.asObject().get("lines").asArray()) {
                    long id = line.asObject().getLong("id", ++number);
                    places.add(new long[] {sale.asObject().getLong("id", 0), id, sale.asObject().getLong("buyer", 0)});
                    rows.add(line.asObject());
                }
            }
            Orders orders = new Orders(column(places, 2), component(rows, "paid"))
                    .ids(column(places, 0)).lines(column(places, 1)).units(units(rows));
            Set<String> names = new LinkedHashSet<>();
            rows.forEach(row -> names.addAll(row.names()));
            for (String name : names) {
                if (!name.equals("paid") && !name.equals("units") && !name.equals("id") && !name.equals("override")) {
                    orders.component(name, component(rows, name));
                }
            }
            overrides(orders, rows);
            return document(plan.settle(forest, orders, 1));
        }
    }

    private static Forest forest(JsonArray members) {
        long[] ids = new long[members.size()];
        long[] inviters = new long[ids.length];
        for (int at = 0; at < ids.length; at++) {
            JsonObject member = members.get(at).asObject();
            ids[at] = member.getLong("id", 0);
            JsonValue inviter = member.get("inviter");
            inviters[at] = inviter == null || inviter.isNull() ? 0 : inviter.asLong();
        }
        Forest forest = new Forest(ids, inviters);
        Set<String> facts = new LinkedHashSet<>();
        members.forEach(member -> facts.addAll(member.asObject().names()));
        for (String fact : facts) {
            if (!fact.equals("id") && !fact.equals("inviter")) {
                state(forest, members, fact);
            }
        }
        return forest;
    }

    /** A fact that somebody does not state stays unstated for all: a column has no holes. */
    private static void state(Forest forest, JsonArray members, String fact) {
        List<JsonValue> values = new ArrayList<>();
        members.forEach(member -> values.add(member.asObject().get(fact)));
        List<String> words = new ArrayList<>();
        if (fact.equals("rank")) {
            byte[] codes = new byte[values.size()];
            for (int at = 0; at < codes.length; at++) {
                codes[at] = values.get(at) == null ? 0 : (byte) (1 + place(words, values.get(at).asString()));
            }
            forest.ranks(codes, words.toArray(new String[0]));
        } else if (values.contains(null)) {
            return;
        } else if (values.get(0).isBoolean()) {
            boolean[] flags = new boolean[values.size()];
            for (int at = 0; at < flags.length; at++) {
                flags[at] = values.get(at).asBoolean();
            }
            forest.fact(fact, flags);
        } else if (values.get(0).isNumber()) {
            forest.fact(fact, values.stream().mapToLong(JsonValue::asLong).toArray());
        } else {
            int[] codes = values.stream().mapToInt(value -> place(words, value.asString())).toArray();
            forest.fact(fact, codes, words.toArray(new String[0]));
        }
    }

    private static int place(List<String> words, String word) {
        if (!words.contains(word)) {
            words.add(word);
        }
        return words.indexOf(word);
    }

    private static void overrides(Orders orders, List<JsonObject> rows) {
        JsonArray table = new JsonArray();
        int[] places = new int[rows.size()];
        for (int at = 0; at < places.length; at++) {
            JsonValue override = rows.get(at).get("override");
            if (override != null) {
                table.add(override);
                places[at] = table.size();
            }
        }
        if (table.size() > 0) {
            orders.overrides(places, table.toString());
        }
    }

    private static JsonValue document(Rows rows) {
        JsonArray list = new JsonArray();
        for (int row = 0; row < rows.size(); row++) {
            JsonValue line = rows.line(row) == 0
                    ? com.eclipsesource.json.Json.NULL : com.eclipsesource.json.Json.value("" + rows.line(row));
            list.add(new JsonObject().add("sale", "" + rows.order(row)).add("payee", "" + rows.payee(row))
                    .add("amount", rows.amount(row)).add("rule", rows.rule(row)).add("line", line)
                    .add("level", rows.level(row)).add("key", rows.key(row)));
        }
        JsonArray retained = new JsonArray();
        Map<String, Long> kept = new LinkedHashMap<>(rows.retained());
        kept.forEach((reason, amount) -> retained.add(new JsonObject().add("reason", reason).add("amount", amount)));
        return new JsonObject().add("pool", rows.pool()).add("rows", list).add("retained", retained);
    }

    private static long[] component(List<JsonObject> rows, String name) {
        return rows.stream().mapToLong(row -> row.getLong(name, 0)).toArray();
    }

    private static long[] column(List<long[]> places, int which) {
        return places.stream().mapToLong(place -> place[which]).toArray();
    }

    private static int[] units(List<JsonObject> rows) {
        return rows.stream().mapToInt(row -> row.getInt("units", 1)).toArray();
    }

    private static boolean isNumber(JsonValue value) {
        return value != null && value.isNumber();
    }
}
