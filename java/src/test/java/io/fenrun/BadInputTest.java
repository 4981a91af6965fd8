package io.fenrun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Every bad input has its own error, and leaves nothing behind. */
class BadInputTest {
    private static final String PLAN = "{\"schema\": \"fenrun.plan/1\", \"name\": \"p\", \"currency\": \"CNY\","
            + " \"rule\": [{\"id\": \"r\", \"to\": {\"up\": \"referral\"}, \"pay\": {\"levels\": [%s]}}]}";

    private static String plan(String rates) {
        return String.format(PLAN, rates);
    }

    private static void refused(String name, String words, Executable call) {
        refused(null, name, words, call);
    }

    private static void refused(Class<? extends FenrunException> family, String name, String words, Executable call) {
        FenrunException error = assertThrows(FenrunException.class, call);
        if (family != null) {
            assertEquals(family, error.getClass(), error.getMessage());
        }
        assertEquals(name, error.codeName(), error.getMessage());
        assertTrue(error.getMessage().contains(words), error.getMessage());
        assertFalse(error.getMessage().contains("\n"), error.getMessage());
    }

    @Test
    void plans() {
        refused("syntax", "0.05", () -> Plan.parse(plan("0.05")));
        refused("pays_too_much", "101%", () -> Plan.parse(plan("\"101%\"")));
        refused("unknown_key", "levles", () -> Plan.parse(plan("\"5%\"").replace("levels", "levles")));
        char[] long2 = new char[2 << 20];
        Arrays.fill(long2, ' ');
        refused("too_large", "1048576", () -> Plan.parse(new String(long2)));
        refused("unknown_preset", "nobodys_plan", () -> Plan.preset("nobodys_plan"));
    }

    @Test
    void sales() {
        try (Plan plan = Plan.parse(plan("\"5%\""))) {
            refused("syntax", "19.99", () -> plan.settleOne("{\"id\": 1, \"buyer\": 2, \"lines\": [{\"paid\": 19.99}]}"));
            refused("currency_mismatch", "USD",
                    () -> plan.settleOne("{\"id\": 1, \"buyer\": 2, \"currency\": \"USD\", \"lines\": [{\"paid\": 1}]}"));
            refused("invalid_sale", "cycle",
                    () -> plan.settleOne("{\"id\": 1, \"buyer\": 2, \"upline\": [2], \"lines\": [{\"paid\": 1}]}"));
            refused("invalid_frozen", "frozen", () -> new Frozen("{}").reverse(null, "{\"id\": 1, \"lines\": []}"));
        }
    }

    @Test
    void textsAreIdsOfSavedForests() throws java.io.IOException {
        java.nio.file.Path folder = java.nio.file.Files.createTempDirectory("fenrun");
        String path = folder.resolve("shop.forest").toString();
        try (Forest made = new Forest(new long[0], new long[0])) {
            made.append("{\"join\": [\"甲\", null]}");
            made.save(path);
        }
        try (Forest forest = Forest.open(path); Forest reader = Forest.open(path)) {
            forest.append("{\"join\": [\"乙\", \"甲\"], \"from\": 5}");
            assertTrue(reader.catchUp());
            assertEquals(2, reader.find("乙"));
            assertEquals("甲", reader.id(reader.upline(2, 9)[0]));
            refused(FenrunException.ForestException.class, "unknown_member", "丁", () -> reader.find("丁"));
            refused("unknown_word", "one of join, bind", () -> forest.append("{\"leave\": \"乙\"}"));
        }
        for (java.io.File file : folder.toFile().listFiles()) {
            assertTrue(file.delete());
        }
        assertTrue(folder.toFile().delete());
    }

    @Test
    void textsAreIdsOfBatches() {
        String[] members = {"丙", "乙", "12", "u-1"};
        try (Plan plan = Plan.preset("two_level");
                Forest forest = Forest.ofTexts(members, new String[] {"乙", "12", null, "丙"})) {
            assertTrue(forest.hasTexts());
            forest.join("丁", "丙");
            forest.join("自", "");
            forest.bind("自", "丁");
            assertArrayEquals(new String[] {"丁", "丙", "乙", "12"}, forest.upline("自", 9));
            assertArrayEquals(new String[] {"乙"}, forest.upline("丙", 1));
            assertArrayEquals(new long[] {4, 1}, forest.findAll("u-1", "丙"));
            assertArrayEquals(new String[] {"u-1", "", "丙"}, forest.ids(4, 0, 1));
            forest.fact("distributor", new boolean[] {true, true, true, true, true, true});
            forest.fact("frozen", new boolean[] {false, true, false, false, false, false});
            Rows rows = plan.settle(forest, new Orders(new String[] {"u-1", "丙", "12"}, new long[] {1000, 2000, 3000}), 1);
            assertArrayEquals(new String[] {"丙", "12"}, rows.payeeIds());
            assertEquals("12", rows.payeeId(1));
            assertEquals("", rows.afterId(1));
            assertArrayEquals(rows.payees(), forest.findAll(rows.payeeIds()));
            Outcome alone = plan.settleOne("{\"id\": 2, \"buyer\": \"丙\", \"lines\": [{\"paid\": 2000}], \"upline\": ["
                    + "{\"id\": \"乙\", \"distributor\": true, \"frozen\": true},"
                    + "{\"id\": \"12\", \"distributor\": true, \"frozen\": false}]}");
            assertEquals(alone.rows().get(0).key(), rows.key(1));
            assertEquals("12", alone.rows().get(0).payee());
            Orders strange = new Orders(new String[] {"丙", "戊"}, new long[] {1, 1});
            FenrunException error = assertThrows(FenrunException.class, () -> plan.settle(forest, strange, 1));
            assertEquals("unknown_member", error.codeName());
            assertEquals(1, error.index());
            refused("unknown_member", "戊", () -> forest.upline("戊", 1));
            refused("unknown_member", "9", () -> forest.ids(1, 9));
            refused("duplicate_member", "乙", () -> forest.join("乙", null));
            refused("already_bound", "member 乙 already has the upline 12", () -> forest.bind("乙", "丁"));
        }
        refused("cycle", "the inviter a of member b",
                () -> Forest.ofTexts(new String[] {"a", "b"}, new String[] {"b", "a"}));
        refused("length_mismatch", "2 members", () -> Forest.ofTexts(new String[] {"a", "b"}, new String[1]));
        try (Plan plan = Plan.parse(plan("\"5%\"")); Forest forest = new Forest(new long[] {7, 9}, new long[] {0, 7})) {
            assertFalse(forest.hasTexts());
            assertArrayEquals(new String[] {"7"}, forest.upline("9", 3));
            Rows rows = plan.settle(forest, new Orders(new String[] {"9"}, new long[] {100}), 1);
            assertEquals("7", rows.payeeId(0));
            assertEquals(7, rows.payee(0));
        }
    }

    @Test
    void forestsAndBatches() {
        refused("cycle", "cycle", () -> new Forest(new long[] {1, 2}, new long[] {2, 1}));
        refused("unknown_member", "9", () -> new Forest(new long[] {1}, new long[] {9}));
        try (Plan plan = Plan.parse(plan("\"5%\"")); Forest forest = new Forest(new long[] {1, 2}, new long[] {0, 1})) {
            Orders twice = new Orders(new long[] {2, 2}, new long[] {100, 100}).ids(new long[] {7, 7});
            FenrunException error = assertThrows(FenrunException.class, () -> plan.settle(forest, twice, 1));
            assertEquals("duplicate_order", error.codeName());
            assertEquals(1, error.index());
            Orders strange = new Orders(new long[] {2, 5}, new long[] {100, 100});
            refused("unknown_member", "5", () -> plan.settle(forest, strange, 1));
            assertEquals(5, plan.settle(forest, new Orders(new long[] {2}, new long[] {100}), 1).amount(0));
        }
    }

    @Test
    void money() {
        assertEquals(1999, Money.minor(new BigDecimal("19.99"), "CNY"));
        refused("too_many_decimals", "19.999", () -> Money.minor("19.999", "CNY"));
        refused("unknown_currency", "XXX", () -> Money.minor("1", "XXX"));
        refused("negative_weight", "-1", () -> Money.allocate(10, -1, 2));
        assertEquals(new BigDecimal("-0.05"), Money.amount(-5, "CNY"));
        assertEquals(29, Money.multiply(5000, "0.57%", Money.Rounding.HALF_AWAY));
    }

    @Test
    void aPlansErrorNamesItsLine() {
        String text = "schema = \"fenrun.plan/1\"\nname = \"n\"\ncurrency = \"CNY\"\n\nnmae = 1\n"
                + "[[rule]]\nid = \"r\"\nto = \"self\"\npay = { levels = [\"1%\"] }\n";
        FenrunException error = assertThrows(FenrunException.PlanException.class, () -> Plan.parse(text));
        assertEquals(5, error.line());
        assertTrue(error.getMessage().contains("did you mean `name`?"), error.getMessage());
        assertEquals(0, assertThrows(FenrunException.class, () -> Plan.preset("x")).line());
    }

    @Test
    void everyErrorIsOfTheFamilyOfWhatItIsAbout() {
        refused(FenrunException.PlanException.class, "invalid_rate", "5 %", () -> Plan.parse(plan("\"5 %\"")));
        refused(FenrunException.PlanException.class, "unknown_key", "levles",
                () -> Plan.parse(plan("\"5%\"").replace("levels", "levles")));
        refused(FenrunException.PlanException.class, "unknown_preset", "x", () -> Plan.preset("x"));
        refused(FenrunException.ForestException.class, "cycle", "cycle",
                () -> new Forest(new long[] {1, 2}, new long[] {2, 1}));
        refused(FenrunException.DocumentException.class, "length_mismatch", "inviters",
                () -> new Forest(new long[] {1, 2}, new long[] {2}));
        refused(FenrunException.DocumentException.class, "invalid_id", "id", () -> Order.create("", ""));
        refused(FenrunException.DocumentException.class, "unknown_word", "fly", () -> Fenrun.run("fly", null, "{}"));
        refused(FenrunException.MoneyException.class, "unknown_currency", "XXX", () -> Money.minor("1", "XXX"));
        try (Plan plan = Plan.parse(plan("\"5%\"")); Forest forest = new Forest(new long[] {1, 2}, new long[] {0, 1});
                Order order = Order.create("", "A")) {
            refused(FenrunException.DocumentException.class, "missing_key", "id", () -> plan.settleOne("{}"));
            refused(FenrunException.DocumentException.class, "missing_key", "order_id", () -> order.apply("{}"));
            Orders twice = new Orders(new long[] {2, 2}, new long[] {1, 1}).ids(new long[] {7, 7});
            refused(FenrunException.SaleException.class, "duplicate_order", "7", () -> plan.settle(forest, twice, 1));
            Orders orders = new Orders(new long[] {2}, new long[] {1});
            for (int threads : new int[] {-1, 257, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
                refused(FenrunException.LibraryException.class, "invalid_argument",
                        threads + " threads; at most 256", () -> plan.settle(forest, orders, threads));
            }
            Orders mistyped = new Orders(new long[] {2}, new long[] {1}).component("prce", new long[] {1});
            refused(FenrunException.TableException.class, "column", "`prce`", () -> plan.settle(forest, mistyped, 1));
        }
    }

    @Test
    void aRefundIsTakenBackOnce() {
        String first = "{\"id\": \"R1\", \"lines\": [{\"line\": 1, \"units\": 0, \"amount\": 10}]}";
        try (Plan plan = Plan.parse(plan("\"5%\""))) {
            Frozen frozen = plan.settleOne("{\"id\": 1, \"buyer\": 2, \"lines\": [{\"paid\": 100}]}").frozen();
            refused(FenrunException.SaleException.class, "over_reversed", "refund R1 was taken back before",
                    () -> frozen.reverse("[" + first + "]", first));
            refused(FenrunException.DocumentException.class, "missing_key", "before[0]",
                    () -> frozen.reverse("[{\"line\": 1, \"units\": 0, \"amount\": 10}]", first));
            assertEquals(0, frozen.reverse("[" + first + "]", first.replace("R1", "R2")).left().size());
        }
    }

    /** getBytes makes "?" of every half of a pair, so that two ids would become one. */
    @Test
    void halfOfASurrogatePairIsNoText() {
        for (String half : new String[] {"\ud800", "\udfff"}) {
            String sale = "{\"id\": \"" + half + "\", \"buyer\": 2, \"lines\": [{\"paid\": 1}]}";
            try (Plan plan = Plan.parse(plan("\"5%\"")); Forest forest = new Forest(new long[] {1}, new long[] {0})) {
                refused("invalid_argument", "`sale`", () -> plan.settleOne(sale));
                refused("invalid_argument", "`order id`", () -> Order.create("", half));
                refused("invalid_argument", "`fact name`", () -> forest.fact(half, new boolean[] {true}));
                Orders orders = new Orders(new long[] {1}, new long[] {1}).tenant(half);
                refused("invalid_argument", "`tenant`", () -> plan.settle(forest, orders, 1));
                assertTrue(plan.settleOne(sale.replace(half, "\ud83d\ude00")).rows().isEmpty());
            }
        }
    }

    @Test
    void handlesAfterTheirEnd() {
        Plan plan = Plan.parse(plan("\"5%\""));
        plan.close();
        plan.close();
        assertThrows(IllegalStateException.class, plan::hash);
    }

    /** C takes no sign: -1 would be 2^64 - 1 of whatever it is. */
    @Test
    void numbersBelowZeroAreRefusedAsTheyWereGiven() {
        long[] two = {2};
        long[] minus = {-1};
        try (Plan plan = Plan.parse(plan("100")); Forest forest = new Forest(new long[] {1, 2}, new long[] {0, 1})) {
            java.util.function.Supplier<Orders> orders = () -> new Orders(two, new long[] {1_000_000_000_000L});
            refused("invalid_value", "units[0] is -1", () -> plan.settle(forest, orders.get().units(new int[] {-1}), 1));
            refused("invalid_id", "ids[0] is -1", () -> plan.settle(forest, orders.get().ids(minus), 1));
            refused("invalid_id", "lines[0] is -1", () -> plan.settle(forest, orders.get().lines(minus), 1));
            refused("invalid_id", "buyers[0] is -1", () -> plan.settle(forest, new Orders(minus, two), 1));
            refused("invalid_value", "overrides[0] is -1",
                    () -> plan.settle(forest, orders.get().overrides(new int[] {-1}, "[]"), 1));
            Rows rows = plan.settle(forest, orders.get().units(new int[] {3}), 1);
            assertEquals(300, rows.amount(0));
            assertEquals(0, rows.source(0));
            refused("invalid_id", "member is -5", () -> forest.upline(-5, 3));
            refused("invalid_value", "at most -1", () -> forest.upline(2, -1));
            assertEquals(1, forest.upline(2, Integer.MAX_VALUE).length);
            assertEquals(0, forest.upline(2, 0).length);
            refused("invalid_id", "member is -1", () -> forest.join(-1, 1));
            refused("invalid_id", "inviter is -1", () -> forest.bind(2, -1));
            refused("invalid_value", "codes[1] is -1", () -> forest.fact("c", new int[] {0, -1}, "a"));
            refused("invalid_value", "codes[1] is -1", () -> forest.ranks(new byte[] {0, -1}, "V1"));
        }
        refused("invalid_id", "members[0] is -1", () -> new Forest(minus, new long[] {0}));
        refused("invalid_id", "inviters[0] is -1", () -> new Forest(two, minus));
        refused("invalid_value", "units is -1", () -> Money.telescope(100, 0, 1, -1));
        refused("invalid_value", "from is -1", () -> Money.telescope(100, -1, 1, 2));
        refused("invalid_value", "to is -1", () -> Money.telescope(100, 0, -1, 2));
        refused("invalid_id", "ids[0] is -1", () -> Money.allocate(100, new long[] {1}, null, minus,
                Money.Mode.LARGEST_REMAINDER, Money.Rounding.FLOOR));
    }

    /** An exponent of a few characters is written out as gigabytes. */
    @Test
    void amountsOfManyDigits() {
        refused("overflow", "1E+2000000000", () -> Money.minor(new BigDecimal("1E+2000000000"), "CNY"));
        refused("too_many_decimals", "1E-2000000000", () -> Money.minor(new BigDecimal("1E-2000000000"), "CNY"));
        char[] digits = new char[1_000_000];
        Arrays.fill(digits, '7');
        refused("overflow", "7.7", () -> Money.minor(new BigDecimal(new String(digits)), "CNY"));
        refused("overflow", "", () -> Money.minor(new BigDecimal("1E+30"), "CNY"));
        assertEquals(0, Money.minor(new BigDecimal("0E+2000000000"), "CNY"));
        assertEquals(0, Money.minor(new BigDecimal("0E-2000000000"), "CNY"));
        assertEquals(100_000, Money.minor(new BigDecimal("1E+3"), "CNY"));
    }

    /** What is in use is freed by its last user. */
    @Test
    void closingWhileOthersUseIt() throws Exception {
        String text = plan("\"5%\"");
        String sale = "{\"id\": 1, \"buyer\": 2, \"upline\": [3], \"lines\": [{\"paid\": 100}]}";
        java.util.Queue<Throwable> odd = new java.util.concurrent.ConcurrentLinkedQueue<>();
        java.util.concurrent.atomic.AtomicInteger refused = new java.util.concurrent.atomic.AtomicInteger();
        int before = Handle.living();
        for (int round = 0; round < 100; round++) {
            Plan plan = Plan.parse(text);
            java.util.concurrent.CountDownLatch began = new java.util.concurrent.CountDownLatch(3);
            Thread[] users = new Thread[3];
            for (int at = 0; at < users.length; at++) {
                users[at] = new Thread(() -> {
                    try {
                        for (;;) {
                            plan.settleOne(sale);
                            began.countDown();
                        }
                    } catch (IllegalStateException closed) {
                        refused.incrementAndGet();
                    } catch (Throwable other) {
                        odd.add(other);
                    }
                });
                users[at].start();
            }
            began.await();
            plan.close();
            for (Thread user : users) {
                user.join();
            }
        }
        assertTrue(odd.isEmpty(), odd.toString());
        assertEquals(300, refused.get());
        assertTrue(Handle.living() <= before, Handle.living() + " handles, before " + before);
    }

    @Test
    void whatIsForgottenIsFreed() throws Exception {
        String text = plan("\"5%\"");
        int before = Handle.living();
        for (int at = 0; at < 1000; at++) {
            Plan.parse(text);
        }
        for (int patience = 0; Handle.living() > before && patience < 100; patience++) {
            System.gc();
            Thread.sleep(10);
            Handle.freeForgotten();
        }
        assertTrue(Handle.living() <= before, Handle.living() + " handles, before " + before);
    }

    @Test
    void aLibraryThatIsMissingIsToldAtEveryCall() {
        for (int times = 0; times < 2; times++) {
            refused(FenrunException.LibraryException.class, "invalid_argument", "FENRUN_LIBRARY",
                    () -> Loader.load(new java.io.File("pom.xml").getAbsolutePath()));
            refused(FenrunException.LibraryException.class, "invalid_argument", "cannot load m: ",
                    () -> Loader.load("m"));
            refused(FenrunException.LibraryException.class, "abi_mismatch", "FENRUN_LIBRARY",
                    () -> Loader.checkAbi(Native.library(), Native.ABI_VERSION + 1));
        }
    }

    @Test
    void anOlderLibraryIsRefused() {
        FenrunException error = assertThrows(FenrunException.class,
                () -> Loader.checkAbi(Native.library(), Native.ABI_VERSION + 1));
        assertEquals("abi_mismatch", error.codeName());
        assertEquals(Native.ABI_VERSION, Fenrun.abiVersion());
    }

    @Test
    void tenThousandHandlesLeaveNothing() throws Exception {
        cycle(2000);
        long before = resident();
        cycle(10_000);
        long grown = resident() - before;
        assertTrue(grown < 16_000, "grew by " + grown + " kB");
    }

    private static void cycle(int times) {
        String text = plan("\"5%\"");
        for (int at = 0; at < times; at++) {
            try (Plan plan = Plan.parse(text)) {
                plan.settleOne("{\"id\": 1, \"buyer\": 2, \"upline\": [3], \"lines\": [{\"paid\": 100}]}").frozen();
            }
        }
    }

    /** Memory outside the Java heap would show here; the heap itself is bounded by a collection first. */
    private static long resident() throws Exception {
        System.gc();
        return java.nio.file.Files.lines(java.nio.file.Paths.get("/proc/self/status"))
                .filter(line -> line.startsWith("VmRSS")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst().orElse(0);
    }
}
