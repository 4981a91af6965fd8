package io.fenrun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What a forest was, and what its members get in all. */
final class ForestTest {
    private static final String PLAN = "{\"schema\": \"fenrun.plan/1\", \"name\": \"halves\", \"currency\": \"CNY\","
            + " \"rule\": [{\"id\": \"up\", \"to\": {\"up\": \"referral\"}, \"pay\": {\"levels\": [\"10%\", \"5%\"]}SPLIT}]}";

    @Test
    void everyInviterWithTheMoment() {
        try (Forest forest = new Forest(new long[] {1, 2, 4, 5}, new long[] {0, 1, 0, 4})) {
            assertEquals("always 1", said(forest.history(2)));
            forest.append("{\"rebind\": [2, 4], \"from\": 1000}");
            forest.append("{\"merge\": [5, 2], \"from\": 2000}");
            assertEquals("always 1, 1000 4, 2000 ", said(forest.history(2)));
            assertEquals(0, forest.history(2).get(2).inviter());
            assertEquals("always 4", said(forest.history("5")));
            assertArrayEquals(new long[] {1}, forest.upline(2, 9, 999));
            assertArrayEquals(new long[] {4}, forest.upline(2, 9, 1000));
            assertArrayEquals(new long[0], forest.upline(2, 0, 999));
            for (long day = 3; day < 20; day++) {
                forest.append("{\"rebind\": [5, " + (day % 2 == 0 ? 4 : 1) + "], \"from\": " + 1000 * day + "}");
            }
            assertEquals(18, forest.history(5).size());
            assertEquals(19000, forest.history(5).get(17).from().getAsLong());
            unknown(() -> forest.history(9));
            unknown(() -> forest.upline(9, 1, 0));
        }
        String[] texts = {"a", "b", "d", "e"};
        try (Forest forest = Forest.ofTexts(texts, new String[] {null, "a", null, "d"})) {
            forest.append("{\"merge\": [\"e\", \"b\"], \"from\": 1000}");
            assertEquals("always a, 1000 ", said(forest.history("b")));
            assertArrayEquals(new String[] {"a"}, forest.upline("b", 9, 999));
            assertArrayEquals(new String[] {"d"}, forest.upline("b", 9, 1000));
            unknown(() -> forest.history("z"));
            forest.join("f", "d");
            assertArrayEquals(new String[] {"a", "b", "d", "e", "f"}, forest.ids(forest.members()));
        }
        try (Forest forest = new Forest(new long[] {30, 20, 10}, new long[] {20, 10, 0});
                Forest none = new Forest(new long[0], new long[0])) {
            assertArrayEquals(new long[] {30, 20, 10}, forest.members());
            assertEquals(0, none.members().length);
        }
    }

    /** The rows came youngest first; facts and ranks stand as they did, not in join order. */
    @Test
    void columnsStandInTheOrderOfTheRows() {
        assertEquals("20", paid("\"on\": true", forest -> forest.fact("on", new boolean[] {true, true, false})));
        assertEquals("20", paid("\"n\": {\"min\": 5}", forest -> forest.fact("n", new long[] {9, 5, 4})));
        assertEquals("20", paid("\"t\": \"a\"", forest -> forest.fact("t", new int[] {0, 0, 1}, "a", "b")));
        assertEquals("20", paid("\"rank\": {\"min\": \"V2\"}",
                forest -> forest.ranks(new byte[] {2, 2, 1}, "V1", "V2")));
    }

    /** Who is paid for an order of 30, below 20, below 10. */
    private static String paid(String condition, java.util.function.Consumer<Forest> state) {
        String plan = PLAN.replace("SPLIT", ", \"qualify\": {" + condition + "}, \"unqualified\": \"retain\"")
                .replace("\"rule\"", "\"ranks\": [\"V1\", \"V2\"], \"rule\"");
        try (Plan some = Plan.parse(plan); Forest forest = new Forest(new long[] {30, 20, 10}, new long[] {20, 10, 0})) {
            state.accept(forest);
            assertArrayEquals(new long[] {30, 20, 10}, forest.members());
            Rows rows = some.settle(forest, new Orders(new long[] {30}, new long[] {1000}), 1);
            return String.join(" ", rows.payeeIds());
        }
    }

    @Test
    void nobodyIsNullEmptyOrZero() {
        String[] nobody = {null, "", "0"};
        try (Forest forest = Forest.ofTexts(new String[] {"a", "b", "40"}, nobody)) {
            for (int at = 0; at < nobody.length; at++) {
                forest.join("new" + at, nobody[at]);
                assertEquals(0, forest.upline("new" + at, 9).length);
            }
            assertEquals(6, forest.teams().below(0, 0, 9).length);
        }
    }

    /** Teams, against what the uplines of all members say. */
    @Test
    void teamsAreWhoHasThemAbove() {
        long[] members = new long[40];
        long[] inviters = new long[40];
        for (int at = 0; at < 40; at++) {
            // Rows in the order of the youngest first; columns follow them.
            members[39 - at] = 7 * at + 1;
            inviters[39 - at] = at % 13 == 0 ? 0 : 7 * (at * at % 37 / 2 % at) + 1;
        }
        Teams kept;
        try (Forest forest = new Forest(members, inviters); Teams teams = forest.teams()) {
            long[] volumes = forest.teamVolumes(members);
            for (int at = 0; at < 40; at++) {
                long member = members[at];
                long[] below = Arrays.stream(members)
                        .filter(id -> Arrays.stream(forest.upline(id, 99)).anyMatch(up -> up == member)).sorted().toArray();
                assertEquals(below.length, teams.size(member));
                long[] team = teams.page(member, 0, Integer.MAX_VALUE);
                assertArrayEquals(Arrays.stream(team).skip(2).limit(3).toArray(), teams.page(member, 2, 3));
                assertArrayEquals(below, Arrays.stream(team).sorted().toArray());
                int depth = forest.upline(member, 99).length;
                assertEquals(depth, teams.depth(member));
                long[] direct = Arrays.stream(below).filter(id -> forest.upline(id, 1)[0] == member).toArray();
                assertArrayEquals(direct, Arrays.stream(teams.below(member, 0, 99)).sorted().toArray());
                assertEquals(below.length, Arrays.stream(teams.generations(member)).sum());
                assertEquals(member + Arrays.stream(below).sum(), volumes[at]);
                for (long id : below) {
                    assertTrue(teams.isAbove(member, id) && !teams.isAbove(id, member));
                }
            }
            assertEquals(40, teams.size(0));
            assertEquals(4, teams.below(0, 0, 99).length);
            unknown(() -> teams.size(9999));
            unknown(() -> teams.depth(0));
            assertThrows(FenrunException.class, () -> teams.page(1, -1, 1));
            assertThrows(FenrunException.class, () -> forest.teamVolumes(new long[] {1}));
            kept = forest.teams();
        }
        assertEquals(40, kept.size(0));
        kept.close();
        assertThrows(IllegalStateException.class, () -> kept.size(0));
        long[] chain = java.util.stream.LongStream.rangeClosed(1, 300).toArray();
        try (Forest forest = new Forest(chain, java.util.stream.LongStream.range(0, 300).toArray());
                Teams teams = forest.teams()) {
            assertEquals(299, teams.generations(1).length);
        }
    }

    @Test
    void totalsAddUpTheRows() {
        try (Plan plain = Plan.parse(PLAN.replace("SPLIT", ""));
                Plan halves = Plan.parse(PLAN.replace("SPLIT", ", \"split\": {\"cash\": \"90%\", \"shop\": \"10%\"}"));
                Forest forest = Forest.ofTexts(new String[] {"甲", "乙", "丙"}, new String[] {null, "甲", "乙"})) {
            Orders orders = new Orders(new String[] {"丙", "乙", "丙"}, new long[] {1000, 2000, 3000});
            Rows rows = plain.settle(forest, orders, 1);
            assertEquals("乙 cash 400, 甲 cash 400", totals(rows));
            assertEquals(Arrays.stream(rows.amounts()).sum(), rows.totals().stream().mapToLong(Rows.Total::amount).sum());
            assertEquals(2, rows.totals().get(0).payee());
            Orders two = new Orders(new String[] {"乙", "乙"}, new long[] {1000, 1000});
            assertEquals("甲 cash 180, 甲 shop 20", totals(halves.settle(forest, two, 1)));
            assertEquals("", totals(plain.settle(forest, new Orders(new String[] {"甲"}, new long[] {1000}), 1)));
        }
    }

    @Test
    void anOrderOfBeforeAMergeBelongsToItsAccount() {
        String[] members = {"a", "b", "d", "e"};
        try (Plan plan = Plan.parse(PLAN.replace("SPLIT", ""));
                Forest forest = Forest.ofTexts(members, new String[] {null, "a", null, "d"})) {
            forest.append("{\"merge\": [\"e\", \"b\"], \"from\": 1000}");
            Orders orders = new Orders(new String[] {"b", "b"}, new long[] {100, 100}).placedAt(new long[] {999, 1000});
            assertArrayEquals(new String[] {"a", "d"}, plan.settle(forest, orders, 1).payeeIds());
        }
    }

    private static String said(List<Forest.Edge> history) {
        return history.stream()
                .map(edge -> (edge.from().isPresent() ? edge.from().getAsLong() : "always") + " " + edge.inviterId())
                .collect(Collectors.joining(", "));
    }

    private static String totals(Rows rows) {
        return rows.totals().stream()
                .map(total -> total.payeeId() + " " + total.account() + " " + total.amount())
                .collect(Collectors.joining(", "));
    }

    private static void unknown(org.junit.jupiter.api.function.Executable call) {
        assertEquals("unknown_member", assertThrows(FenrunException.ForestException.class, call).codeName());
    }
}
